// First: it takes the key out of the address before anything reads that.
import "./api/session.svelte.ts";
import "./app.css";
import { mount } from "svelte";
import App from "./App.svelte";
import { connection } from "./api/connection.svelte.ts";
import { problemFrom } from "./api/problem.ts";
import { session } from "./api/session.svelte.ts";
import { finishSignIn, isReturning } from "./api/sign-in.ts";
import { route } from "./shell/route.svelte.ts";
import { applyTheme, currentTheme } from "./shell/theme.ts";
import { findView } from "./views/registry.ts";

applyTheme(currentTheme());
const target = document.getElementById("app");
if (isReturning(location.hash))
  await finishSignIn().catch((thrown) => session.reject(problemFrom(thrown).message));
// Before anything is drawn: the service answers meanwhile.
const view = findView(route.view);
const position = view?.request?.().then((known) => (findView(route.view) === view ? known : ""));
void connection.open(position);
// In a task of its own: evaluating the modules has taken one.
await new Promise((resolve) => setTimeout(resolve));
if (target) mount(App, { target });
