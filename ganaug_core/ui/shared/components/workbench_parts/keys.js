// Keys, wherever the focus is but in a text; `?` lists them.
const KEYS = [
  ["K, X, F", "keep, reject, flag"],
  ["1 to 5", "reject for that reason"],
  ["U", "take the last decision back"],
  ["N, P, wheel", "next and previous image of the list"],
  ["Arrows", "from tile to tile, or from point to point"],
  ["L", "on the map: a loop around the point, larger each time"],
  ["A, Escape", "select all that is shown; nothing"],
  ["Shift and 1 to 9", "windows"],
  ["I, S, B", "invert, smooth, flicker between the two"],
  ["Drag on an image", "window; with Shift: move"],
  ["+, −, 0", "zoom; whole image and first window"],
  ["Ctrl and wheel", "zoom at the mouse"],
  ["G, M, V", "gallery, map, both"],
  ["?", "this list"],
]

function onKey(bench, event) {
  const [target] = event.composedPath()
  if (bench.root.querySelector("dialog[open]") || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return
  if (target.closest?.("input, textarea, select, [contenteditable], [role=combobox]")) return
  if (!keyCommand(bench, event) && !viewerCommand(bench.viewer, event)) return
  event.preventDefault()
  event.stopPropagation()
}

function keyCommand(bench, event) {
  const key = event.key.toLowerCase()
  const decision = { k: "keep", x: "reject", f: "flag" }[key]
  const reason = !event.shiftKey && bench.data.reasons[Number(event.key) - 1]
  if (decision || reason) {
    if (!event.repeat) decide(bench, decision ?? "reject", reason || "")
  } else if (key === "u") undo(bench)
  else if (key === "n" || key === "pagedown") stepThroughList(bench, 1)
  else if (key === "p" || key === "pageup") stepThroughList(bench, -1)
  else if (key === "a") selectAll(bench)
  else if (key === "escape") escape(bench)
  else if (key in VIEW_KEYS) setView(bench, VIEW_KEYS[key])
  else if (key === "?") bench.root.querySelector(".help").showModal()
  else return false
  return true
}

const VIEW_KEYS = { g: "gallery", m: "map", v: "both" }

function escape(bench) {
  if (bench.selected.size) clearSelected(bench)
  else if (bench.choice.finding || bench.choice.lasso) bench.root.querySelector(".showall").click()
}

function fillHelp(bench) {
  const list = bench.root.querySelector(".help dl")
  list.replaceChildren(...KEYS.flatMap(([keys, meaning]) => {
    const [term, text] = [document.createElement("dt"), document.createElement("dd")]
    term.textContent = keys
    text.textContent = meaning
    return [term, text]
  }))
  bench.root.querySelector(".helpbutton").onclick = () => bench.root.querySelector(".help").showModal()
}
