/** The page: who this tab is comes from the address or from sessionStorage, the rest is `<tt-app>`. */
import "./css/index.css";
import { TtApp } from "./elements/app.js";
import * as credentials from "./model/credentials.js";
import { Settings } from "./model/settings.js";
import { useMath } from "./text/math.js";

useMath(() => import("./text/math_engine.js"));

const said = credentials.takeFromAddress();
if (said.token) credentials.save({ token: said.token, refresh: said.refresh });

const app = new TtApp();
app.settings = new Settings();
app.keeper = credentials;
app.stages = { console: () => import("./elements/console/console-view.js"), presenter: () => import("./elements/presenter/presenter-view.js") };
app.invite = said.invite ?? null;
document.body.append(app);
