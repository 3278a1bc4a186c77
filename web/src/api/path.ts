/** The path of the API that a link leads to; "" for views of the page, the API's description, and other sites. */
export function pathOf(address: string, base: string, page: string): string {
  if (!address.startsWith(`${base}/`)) return "";
  const path = address.slice(base.length);
  const isPage = address.replace(/[?#].*/, "") === page.replace(/[?#].*/, "");
  return isPage || /^\/(docs|redoc)\b/.test(path) ? "" : path;
}
