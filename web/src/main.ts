// First: it takes the key out of the address before anything reads that.
import "./api/session.svelte.ts";
import "./app.css";
import { mount } from "svelte";
import App from "./App.svelte";
import { applyTheme, currentTheme } from "./shell/theme.ts";

applyTheme(currentTheme());
const target = document.getElementById("app");
if (target) mount(App, { target });
