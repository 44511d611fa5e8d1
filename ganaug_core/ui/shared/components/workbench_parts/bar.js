// The bar above gallery and map: what is shown, of which class, which ones, in which order.

function listenToBar(bench) {
  const bar = bench.root.querySelector(".bar")
  bar.querySelector(".views").onclick = (event) => {
    const view = event.target.closest("button")?.dataset.view
    if (view) setView(bench, view)
  }
  const select = (key, read) => (bar.querySelector(`[name=${key}]`).onchange = (event) => {
    const { value } = event.target
    if (value === SAVE || value.startsWith(SAVED) || value.startsWith(FORGET)) return chooseFilters(bench, value)
    bench.choice[key] = read(value)
    bench.changed({ step: true })
    if (!bench.list.includes(bench.picked) && bench.list.length) pick(bench, bench.list[0])
  })
  select("label", Number)
  select("which", String)
  select("sort", String)
  bar.querySelector(".showall").onclick = () => {
    Object.assign(bench.choice, { finding: "", group: -1, label: -1, which: "all" })
    clearLassoOf(bench)
    bench.changed({ step: true, zoom: true })
  }
}

function setView(bench, view) {
  bench.choice.view = view
  bench.changed({ step: true })
}

function drawBar(bench) {
  const bar = bench.root.querySelector(".bar")
  bench.root.dataset.view = bench.choice.view
  for (const button of bar.querySelectorAll(".views button"))
    button.setAttribute("aria-pressed", String(button.dataset.view === bench.choice.view))
  fillSelect(bar.querySelector("[name=label]"), [[-1, "all classes"], ...bench.data.classes.map((name, label) => [label, name])], bench.choice.label)
  const decided = Object.entries(DECIDED).filter(([name]) => name !== "disputed" || hasReaders(bench) || bench.choice.which === name)
  const { entries, used } = filterEntries(bench)
  fillSelect(bar.querySelector("[name=which]"), [["all", "all"], ...decided, ...entries], used === undefined ? bench.choice.which : SAVED + used)
  const known = sortings(bench).map(([name, text]) => [name, text])
  fillSelect(bar.querySelector("[name=sort]"), known, known.some(([name]) => name === bench.choice.sort) ? bench.choice.sort : "made")
  const { finding, lasso, label, which } = bench.choice
  bar.querySelector(".showall").hidden = !finding && !lasso && label < 0 && which === "all"
}

function fillSelect(select, entries, chosen) {
  const wanted = JSON.stringify(entries)
  if (select.dataset.entries !== wanted) {
    select.dataset.entries = wanted
    select.replaceChildren(...entries.map(([value, text]) => new Option(text, value)))
  }
  select.value = String(chosen)
}
