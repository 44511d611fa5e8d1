// Right, below: what was kept, which becomes a set of samples; and the state that a reload of the page keeps.

function showActs(explorer) {
  const { root, picked, kept } = explorer
  const isKept = Boolean(picked) && kept.some(({ recipe }) => keyOf(recipe) === keyOf(picked.recipe))
  const keep = root.querySelector(".keep")
  keep.disabled = !picked
  keep.setAttribute("aria-pressed", String(isKept))
  keep.firstChild.textContent = isKept ? "Kept" : "Keep"
  keep.onclick = () => toggleKept(explorer)
  const begin = root.querySelector(".begin")
  begin.disabled = !canBeStart(picked?.recipe)
  begin.onclick = () => {
    explorer.slots.first = picked.recipe
    if (explorer.tool === "real") explorer.tool = "varies" // a real image was found: now it can be changed
    explorer.slot = firstSlot(explorer, toolOf(explorer))
    remember(explorer)
    showTool(explorer)
  }
  root.querySelector(".save").disabled = !kept.length
  root.querySelector(".count").textContent = kept.length ? `${kept.length} kept` : "Nothing kept yet"
}

function toggleKept(explorer) {
  const { picked } = explorer
  if (!picked) return
  const rest = explorer.kept.filter(({ recipe }) => keyOf(recipe) !== keyOf(picked.recipe))
  explorer.kept = rest.length < explorer.kept.length ? rest : [...explorer.kept, picked].slice(-MOST_ASKED)
  remember(explorer)
  showKept(explorer)
}

function showKept(explorer) {
  const tiles = explorer.kept.map(({ recipe, text }) => newTile(explorer, recipe, `${text}, ${recipeText(recipe)}`, () => pick(explorer, recipe, text)))
  explorer.root.querySelector(".kept").replaceChildren(...tiles)
  drawn(explorer, explorer.kept.map(({ recipe }) => recipe))
    .then((images) => images.forEach((image, place) => fillTile(explorer, tiles[place], image)))
    .catch((error) => say(explorer, error.message))
  showActs(explorer)
}

function askForName(explorer) {
  const dialog = explorer.root.querySelector(".naming")
  const field = dialog.querySelector("input")
  field.value = explorer.data.suggested
  dialog.onclose = () => {
    const name = field.value.trim()
    if (dialog.returnValue === "save" && name) explorer.send("chosen", { name, recipes: explorer.kept.map(({ recipe }) => recipe) })
    dialog.returnValue = ""
  }
  dialog.showModal()
  field.select()
}

function storageKey({ data }) {
  return `ganaug-explorer-${data.draw}`
}

function remember(explorer) {
  const { tool, seed, label, slots, pair, kept } = explorer
  try {
    sessionStorage.setItem(storageKey(explorer), JSON.stringify({ tool, seed, label, slots, pair, kept }))
  } catch {
    // it holds for this page then
  }
}

function recalled(explorer) {
  const { classes } = explorer.data
  const first = { tool: TOOLS[0].name, seed: 0, label: "", slots: { first: null, second: null, away: [], towards: [] }, kept: [] }
  first.pair = [classes[0], classes[classes.length > 1 ? 1 : 0]]
  try {
    return { ...first, ...JSON.parse(sessionStorage.getItem(storageKey(explorer))) }
  } catch {
    return first
  }
}
