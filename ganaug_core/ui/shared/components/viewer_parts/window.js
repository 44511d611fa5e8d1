// Which value is black and which is white: presets, dragging, and the window that a unit had last, also after a reload.

function percentiles(viewer, low, high) {
  const values = viewer.shown.flatMap((image) => sampledValues(image)).sort((a, b) => a - b)
  const at = (share) => values[Math.min(values.length - 1, Math.round(share * (values.length - 1)))]
  return [at(low), Math.max(at(high), at(low) + 1e-3)]
}

function fullRange(viewer) {
  return [Math.min(...viewer.shown.map((image) => image.low)), Math.max(...viewer.shown.map((image) => image.high))]
}

function windowPresets(viewer) {
  const { windows, unit } = viewer.request
  const entries = Object.entries(windows).map(([name, [level, width]]) => [
    name,
    `Level ${level}, width ${width}${unitText(unit)}`,
    () => [level - width / 2, level + width / 2],
  ])
  entries.push(
    ["Full range", "Black is the lowest value that the images can have, white the highest.", () => fullRange(viewer)],
    ["Percentile 1–99", "One pixel in a hundred is black, one in a hundred white.", () => percentiles(viewer, 0.01, 0.99)],
  )
  return entries
}

function unitText(unit) {
  return unit === "intensity" ? "" : ` ${unit}`
}

function firstWindow(viewer) {
  const { windows, start } = viewer.request
  const [level, width] = windows[start] ?? []
  if (width) return [level - width / 2, level + width / 2]
  return start === "percentiles" ? percentiles(viewer, 0.01, 0.99) : fullRange(viewer)
}

// the window of the last look at this unit; without one, that of the first look
function rememberedWindow(unit) {
  try {
    const [low, high] = JSON.parse(sessionStorage.getItem(`ganaug-window-${unit}`))
    if (Number.isFinite(low) && high > low) return [low, high]
  } catch {
    // nothing was kept, or the browser keeps nothing
  }
  return null
}

function keepWindow(viewer, chosen) {
  viewer.window = chosen ?? firstWindow(viewer)
  try {
    const key = `ganaug-window-${viewer.request.unit}`
    if (chosen) sessionStorage.setItem(key, JSON.stringify(chosen))
    else sessionStorage.removeItem(key)
  } catch {
    // it holds for this page then
  }
  viewer.onWindow?.(chosen)
}

function changeWindow(viewer, [low, high], wider, higher) {
  const [bottom, top] = fullRange(viewer)
  const level = (low + high) / 2 + higher
  const width = Math.min(4 * (top - bottom), Math.max((top - bottom) / 500, high - low + wider))
  keepWindow(viewer, [level - width / 2, level + width / 2])
  drawViewer(viewer)
}

function choosePreset(viewer, number) {
  const preset = windowPresets(viewer)[number]
  if (!preset) return false
  keepWindow(viewer, preset[2]())
  drawViewerTools(viewer)
  drawViewer(viewer)
  return true
}
