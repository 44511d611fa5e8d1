// Left: images to start from. A click puts one into the chosen slot; groups take several.
const SHELF = 30

function showShelf(explorer) {
  const { data, label, seed } = explorer
  const recipes = Array.from({ length: SHELF }, (_, index) => startRecipe(seed, index, label || data.classes[index % data.classes.length]))
  const shelf = explorer.root.querySelector(".shelf")
  const tiles = recipes.map((recipe) => newTile(explorer, recipe, classText(recipe), () => fillSlot(explorer, recipe)))
  shelf.replaceChildren(...tiles)
  if (!canBeStart(explorer.slots.first)) explorer.slots.first = recipes[0]
  if (!canBeStart(explorer.slots.second)) explorer.slots.second = recipes[1]
  drawNewest(explorer, "shelf", recipes, (images) => {
    images.forEach((image, place) => fillTile(explorer, tiles[place], image))
    markShelf(explorer)
    showTool(explorer)
  })
}

function markShelf(explorer) {
  const { first, second, away, towards } = explorer.slots
  const uses = toolOf(explorer).slots
  const marks = [["first", "1", [first]], ["second", "2", [second]], ["away", "−", away], ["towards", "+", towards]].filter(([slot]) => uses.includes(slot))
  for (const tile of explorer.root.querySelectorAll(".shelf .tile")) {
    const own = marks.filter(([, , recipes]) => recipes.some((recipe) => recipe && keyOf(recipe) === keyOf(tile.recipe)))
    tile.dataset.marks = own.map(([, sign]) => sign).join(" ")
  }
}

function fillSlot(explorer, recipe) {
  const { slots, slot } = explorer
  if (!slot) return
  if (Array.isArray(slots[slot])) {
    const rest = slots[slot].filter((other) => keyOf(other) !== keyOf(recipe))
    slots[slot] = rest.length < slots[slot].length ? rest : [...slots[slot], recipe].slice(-24)
    const opposite = slot === "away" ? "towards" : "away"
    slots[opposite] = slots[opposite].filter((other) => keyOf(other) !== keyOf(recipe))
  } else slots[slot] = recipe
  explorer.picked = null
  remember(explorer)
  showTool(explorer)
}

function showSlots(explorer) {
  const tool = toolOf(explorer)
  const boxes = tool.slots.map((slot) => slotBox(explorer, slot))
  if (tool.pair) boxes.push(pairOfClasses(explorer))
  explorer.root.querySelector(".slots").replaceChildren(...boxes)
}

function slotBox(explorer, slot) {
  const held = [explorer.slots[slot]].flat().filter(Boolean)
  const box = document.createElement("div")
  box.className = "slot"
  const choose = document.createElement("button")
  choose.type = "button"
  choose.textContent = SLOT_TITLES[slot]
  choose.title = "A click on an image on the left puts it here."
  choose.setAttribute("aria-pressed", String(explorer.slot === slot))
  choose.onclick = () => {
    explorer.slot = slot
    showSlots(explorer)
  }
  const tiles = held.map((recipe) =>
    newTile(explorer, recipe, classText(recipe), () => {
      explorer.slot = slot
      if (Array.isArray(explorer.slots[slot])) fillSlot(explorer, recipe)
      else {
        pick(explorer, recipe, classText(recipe))
        showSlots(explorer)
      }
    }),
  )
  drawn(explorer, held).then((images) => images.forEach((image, place) => fillTile(explorer, tiles[place], image))).catch((error) => say(explorer, error.message))
  box.append(choose, ...tiles)
  return box
}

function pairOfClasses(explorer) {
  const box = document.createElement("div")
  box.className = "slot"
  explorer.pair.forEach((chosen, place) => {
    const select = document.createElement("select")
    select.setAttribute("aria-label", place ? "To the class" : "From the class")
    select.append(...explorer.data.classes.map((name) => new Option(name, name, false, name === chosen)))
    select.onchange = () => {
      explorer.pair[place] = select.value
      explorer.picked = null
      remember(explorer)
      showTool(explorer)
    }
    box.append(place ? "to " : "from ", select, " ")
  })
  return box
}
