import { render } from "preact";
import { App } from "./app.tsx";

/** `…/operator/`, under any prefix of a proxy. The service serves this file as `…/operator/assets/VERSION/page.js`. */
const root = new URL("../../", import.meta.url);
const place = document.getElementById("page");
if (place !== null) render(<App root={root} />, place);
