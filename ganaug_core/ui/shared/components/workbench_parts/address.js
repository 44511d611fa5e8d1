// What is seen stands in the address, so that a link, a reload and the back button show the same.
const MOST_IN_ADDRESS = 60 // ids of a selection; a longer one is saved under a name
const AFTER_FRAME_MS = 40

function readAddress(bench) {
  const query = new URLSearchParams(location.search)
  const { view } = bench.data
  const views = ["gallery", "map", "both"]
  bench.choice = { view: views.includes(query.get("view")) ? query.get("view") : view, ...filtersOf(bench, query) }
  const window = (query.get("window") ?? "").split("_").map(Number)
  if (window.length === 2 && window.every(Number.isFinite) && window[1] > window[0]) bench.viewer.wanted = window
  bench.wantedImage = query.get("image")
  bench.wantedSelection = (query.get("selected") ?? "").split(".").filter(Boolean)
}

function filtersOf(bench, query) {
  const corners = (query.get("lasso") ?? "").split("*").map((pair) => pair.split("_").map(Number))
  const isLoop = corners.length >= 3 && corners.every((pair) => pair.length === 2 && pair.every(Number.isFinite))
  return {
    label: bench.data.classes.indexOf(query.get("class")),
    which: query.get("which") in DECIDED ? query.get("which") : "all",
    sort: query.get("sort") ?? "made",
    finding: query.get("finding") ?? "",
    group: Number(query.get("copied") ?? 0) - 1,
    lasso: isLoop && corners.length <= 256 ? corners : null,
  }
}

function filterValues(bench) {
  const { label, which, sort, finding, group, lasso } = bench.choice
  return {
    class: label >= 0 ? bench.data.classes[label] : "",
    which: which === "all" ? "" : which,
    sort: sort === "made" ? "" : sort,
    finding,
    copied: group >= 0 ? String(group + 1) : "",
    lasso: lasso ? lasso.map((pair) => pair.map((value) => value.toFixed(3)).join("_")).join("*") : "",
  }
}

// A step can be taken back by the browser's button; what follows from moving about cannot, and is written after the
// next frame, since the browser takes as long for it as for all the drawing.
function writeAddress(bench, isStep = false) {
  if (!bench.isOpen) return
  if (isStep) writeAddressNow(bench, true)
  else bench.addressTimer ??= setTimeout(() => writeAddressNow(bench, false), AFTER_FRAME_MS)
}

function dropAddress(bench) {
  clearTimeout(bench.addressTimer)
  bench.addressTimer = null
}

function writeAddressNow(bench, isStep) {
  dropAddress(bench)
  if (!bench.isOpen || bench.isGone) return
  const query = new URLSearchParams(location.search)
  const { view } = bench.choice
  const window = bench.chosenWindow
  const selected = [...bench.selected].map((row) => bench.ids[row])
  const values = {
    view: view === bench.data.view ? "" : view,
    ...filterValues(bench),
    image: bench.ids[bench.picked] ?? "",
    window: window ? window.map((value) => Number(value.toPrecision(6))).join("_") : "",
    selected: selected.length <= MOST_IN_ADDRESS ? selected.join(".") : "",
  }
  for (const [key, value] of Object.entries(values)) {
    if (value) query.set(key, value)
    else query.delete(key)
  }
  const address = `${location.pathname}?${query}`
  if (address === location.pathname + location.search) return
  history[isStep ? "pushState" : "replaceState"](history.state, "", address)
}

// another set has other images: nothing of what was seen before belongs to it
function forgetAddress(bench) {
  dropAddress(bench)
  const query = new URLSearchParams(location.search)
  for (const key of ["class", "finding", "copied", "lasso", "image", "selected"]) query.delete(key)
  history.replaceState(history.state, "", `${location.pathname}?${query}`)
}
