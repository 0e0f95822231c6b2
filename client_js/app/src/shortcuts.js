/** Keys that work everywhere: F6 goes round the panels, Ctrl+K searches, ? helps, Escape closes the side panel. */

/** For each panel, what takes the focus: the first of these that is there and seen. */
const PANELS = [
  ["#rooms [aria-current]", "#rooms a", "#rooms button"],
  ["#log .msg[tabindex='0']", "#log[tabindex]"],
  ["main form.composer textarea"],
  [".q[tabindex='0']", "aside input", "aside textarea", "aside [tabindex='0']", "aside button"],
];
const REGIONS = ["#rooms", "#log", "main form.composer", "aside, tt-queue"];

/**
 * @param {KeyboardEvent} event
 * @param {ParentNode} root
 * @param {import("./elements/ui.js").Ui} ui
 * @param {boolean} panelOpen
 */
export function onShortcut(event, root, ui, panelOpen) {
  const target = /** @type {HTMLElement} */ (event.composedPath()[0]);
  const writing = target.matches?.("input, textarea, select, [contenteditable]") ?? false;
  if (event.key === "F6") {
    event.preventDefault();
    goRound(root, target, event.shiftKey ? -1 : 1);
  } else if (event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey) {
    event.preventDefault();
    ui.panel("search");
  } else if (event.key === "?" && !writing && !event.ctrlKey && !event.metaKey) {
    event.preventDefault();
    ui.dialog("help");
  } else if (event.key === "Escape" && panelOpen && !event.defaultPrevented && target.closest?.("aside")) {
    ui.panel(null);
  }
}

/** @param {ParentNode} root @param {Element} from @param {1 | -1} step */
function goRound(root, from, step) {
  const seen = (/** @type {string} */ selector) => [.../** @type {NodeListOf<HTMLElement>} */ (root.querySelectorAll(selector))].find((found) => found.checkVisibility({ visibilityProperty: true }));
  const stops = PANELS.map((selectors) => selectors.map(seen).find(Boolean));
  const here = REGIONS.findIndex((selector) => from.closest?.(selector));
  for (let turn = 1; turn <= stops.length; turn += 1) {
    const stop = stops[(((here + step * turn) % stops.length) + stops.length) % stops.length];
    if (stop) {
      stop.focus();
      return;
    }
  }
}
