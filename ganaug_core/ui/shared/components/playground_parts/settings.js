// What is set for each side, and in how many settings the two differ.
function newSettings(bench, table) {
  const parent = table.root.querySelector(".settings")
  table.fields = {}
  for (const { name, title, choices, says } of bench.data.settings) {
    const label = document.createElement("label")
    const select = document.createElement("select")
    label.append(title, select)
    label.title = says
    select.name = name
    for (const [value, text] of choices) select.add(new Option(text, value))
    select.addEventListener("change", () => change(bench, table, name, select.value))
    table.fields[name] = select
    parent.append(label)
  }
}

function change(bench, table, name, value) {
  table.settings[name] = value
  table.settings.drawn = table.settings.target === "drawn" ? bench.drawn : ""
  if (bench.isDrawing && name !== "target") return showSettings(bench) // it is played when the drawing is learnt
  if (name === "target" && value === "drawn" && !bench.drawn) startDrawing(bench)
  else restart(bench, [table])
}

function showSettings(bench) {
  if (bench.data.plain) return
  for (const table of bench.tables) {
    for (const [name, select] of Object.entries(table.fields)) {
      const value = String(table.settings[name])
      const known = [...select.options].find((option) => option.value === value || (value !== "" && Number(option.value) === Number(value)))
      if (!known) select.add(new Option(value, value)) // a link may ask for a value between those that are offered
      select.value = known ? known.value : value
      select.classList.toggle("differs", differing(bench).includes(name))
    }
  }
  bench.root.querySelector(".differ").textContent = differenceSays(bench)
}

function differing(bench) {
  const [a, b] = bench.tables.map((table) => table.settings)
  return Object.keys(a).filter((name) => name !== "seed" && name !== "drawn" && String(a[name]) !== String(b[name]) && Number(a[name]) !== Number(b[name]))
}

function differenceSays(bench) {
  const names = differing(bench).map((name) => bench.data.settings.find((setting) => setting.name === name).title.toLowerCase())
  const tell = (text) => inWords(bench.data, text)
  if (names.length === 0) return tell("Both sides have the same settings.")
  const says = names.length === 1 ? "One setting differs: @." : `${names.length} settings differ (@): any of them may be the cause of what differs.`
  return tell(says).replace("@", names.join(", "))
}
