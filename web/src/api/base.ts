/**
 * The address of the API without a slash at its end; "" where it is that of the page. A page of another origin names it
 * in `?api=https://host` or `<meta name="trainyard-api" content="https://host">`.
 */
export function readBase(search: string, meta: string, page: string): string {
  const named = new URLSearchParams(search).get("api") || meta;
  if (!named) return new URL(".", page).href.replace(/\/$/, "");
  const url = new URL(named, page);
  if (url.protocol !== "http:" && url.protocol !== "https:")
    throw new TypeError(`no address of an API: ${named}`);
  return url.href.replace(/[?#].*$/, "").replace(/\/$/, "");
}
