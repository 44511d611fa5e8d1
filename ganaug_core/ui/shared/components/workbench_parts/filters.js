// Filters and order under a name, kept in this browser; they hold for every set that has what they name.
const FILTERS_KEY = "ganaug-filters"
const [SAVED, SAVE, FORGET] = ["saved:", "save", "forget:"] // values in the chooser of images

function savedFilters() {
  try {
    const saved = JSON.parse(localStorage.getItem(FILTERS_KEY)) ?? {}
    return Object.fromEntries(Object.entries(saved).filter(([, query]) => typeof query === "string"))
  } catch {
    return {}
  }
}

function keepFilters(bench, saved) {
  try {
    localStorage.setItem(FILTERS_KEY, JSON.stringify(saved))
  } catch {
    announce(bench, "This browser keeps nothing, so the filters were not saved.", true)
  }
  drawBar(bench)
}

function filterQuery(bench) {
  const values = Object.entries(filterValues(bench)).filter(([, value]) => value)
  return new URLSearchParams(values).toString()
}

// what the chooser of images offers besides: saved filters, saving, forgetting the ones that are in use
function filterEntries(bench) {
  const now = filterQuery(bench)
  const saved = Object.entries(savedFilters())
  const used = saved.find(([, query]) => query === now)?.[0]
  const entries = saved.map(([name]) => [SAVED + name, `★ ${name}`])
  if (used !== undefined) entries.push([FORGET + used, `Forget “${used}”`])
  else if (now) entries.push([SAVE, "Save filters and order…"])
  return { entries, used }
}

function chooseFilters(bench, value) {
  if (value === SAVE) {
    const says = "Class, images, finding, lasso and order are kept in this browser under a name."
    askForName(bench, { title: "Save filters", says }, (name) => {
      if (name) keepFilters(bench, { ...savedFilters(), [name]: filterQuery(bench) })
    })
    drawBar(bench)
  } else if (value.startsWith(FORGET)) {
    const { [value.slice(FORGET.length)]: forgotten, ...others } = savedFilters()
    keepFilters(bench, others)
  } else {
    const query = savedFilters()[value.slice(SAVED.length)] ?? ""
    Object.assign(bench.choice, filtersOf(bench, new URLSearchParams(query)))
    if (bench.map) bench.map.lasso = bench.choice.lasso
    readLasso(bench)
    bench.changed({ step: true, zoom: true })
    if (!bench.list.includes(bench.picked) && bench.list.length) pick(bench, bench.list[0])
  }
}
