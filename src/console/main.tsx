import { render } from "preact";
import { App } from "./app.tsx";

/** `…/operator/`, wherever a proxy has put it: this file is served as `…/operator/assets/VERSION/page.js`. */
const root = new URL("../../", import.meta.url);
const place = document.getElementById("page");
if (place !== null) render(<App root={root} />, place);
