// The picked image beside its nearest real ones, in the viewer.
const NEAREST_TITLES = { train: "Nearest training image", tuning: "Nearest tuning image", holdout: "Nearest hold-out image" }

function panelOf(bench, row, title, note) {
  const id = bench.ids[row]
  return { id, title, note, help: `${nameOf(bench, row)}, ${id}`, pixels: `${bench.data.pixels[sideOf(bench, row)]}${id}` }
}

function requestOf(bench, row) {
  const { unit, scale, start, clipped, windows } = bench.data
  const role = bench.data.roles[bench.role[row]]
  const first = panelOf(bench, row, isSynthetic(bench, row) ? "Synthetic image" : `Chosen ${role} image`, `${nameOf(bench, row)} · ${bench.ids[row]}`)
  const near = nearestOf(bench, row).slice(0, 3)
  const measure = measureOf(bench, row)
  const others = near.map((one) =>
    panelOf(bench, one.row, NEAREST_TITLES[one.role], `${measure} ${one.distance.toFixed(3)} · ${nameOf(bench, one.row)}`),
  )
  const movement = near[0]?.movement ?? null
  return { panels: [first, ...others], unit, scale, start, clipped, windows, difference: near.length > 0, movement }
}

function drawSaid(bench, [says, grounds]) {
  const said = bench.root.querySelector(".said")
  said.replaceChildren(says)
  if (grounds) said.append(howWeKnow(grounds))
}

async function showPair(bench) {
  const { viewer, picked } = bench
  if (picked < 0) return
  const request = requestOf(bench, picked)
  drawSaid(bench, bench.said[bench.ids[picked]] ?? ["", ""])
  bench.root.querySelector(".measure").textContent = bench.data.measures[measureOf(bench, picked)]
  showImages(viewer, request)
  if (nearestOf(bench, picked).length) {
    preparePairs(bench)
    return
  }
  try {
    await askNearest(bench, [picked])
  } catch {
    return // without its nearest the image is shown alone
  }
  if (bench.picked === picked && nearestOf(bench, picked).length) showPair(bench)
}

// the next turn of the wheel, and the next key, find their images here
function preparePairs(bench) {
  for (const step of [1, 2, -1, 3]) {
    const row = bench.list[bench.list.indexOf(bench.picked) + step]
    if (row !== undefined) fetchPair(bench, row)
  }
}

function fetchPair(bench, row) {
  for (const panel of requestOf(bench, row).panels) imageAt(bench.viewer, panel.pixels).catch(() => {})
}

function stepThroughList(bench, steps) {
  const strip = bench.sections.find(({ real }) => real.includes(bench.picked))?.real
  const list = strip ?? bench.list
  const place = list.indexOf(bench.picked) + steps
  const row = list[Math.min(list.length - 1, Math.max(0, place))]
  if (row !== undefined) pick(bench, row)
}

// the wheel over a real image of a volume goes through its slices, for a look; elsewhere through the list
function stepFrom(bench, steps, view) {
  const shown = bench.viewer.views[view]
  const row = shown?.id === undefined ? -1 : bench.rows.get(shown.id)
  const volume = view > 0 && row >= 0 && !isSynthetic(bench, row) ? bench.volume[row] ?? -1 : -1
  if (volume < 0) return stepThroughList(bench, steps)
  const slices = bench.volume.flatMap((other, place) => (other === volume ? [place] : []))
  const next = slices[Math.min(slices.length - 1, Math.max(0, slices.indexOf(row) + steps))]
  const request = { ...bench.viewer.request, panels: [...bench.viewer.request.panels] }
  const panel = request.panels.findIndex(({ id }) => id === shown.id)
  const title = request.panels[panel].title.replace(/^Nearest/, "Beside the nearest")
  const at = `slice ${slices.indexOf(next) + 1} of ${slices.length} · ${nameOf(bench, next)}`
  const match = requestOf(bench, bench.picked)
  const isMatch = match.panels[panel].id === bench.ids[next]
  request.panels[panel] = isMatch ? match.panels[panel] : panelOf(bench, next, title, at)
  if (panel === 1) request.movement = isMatch ? match.movement : null
  showImages(bench.viewer, request)
}
