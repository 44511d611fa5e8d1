// Middle: the rows of a tool and its slider. What is picked stands on the right beside the image that it began from.

function showTool(explorer) {
  const tool = toolOf(explorer)
  const { root } = explorer
  root.dataset.tool = tool.name
  delete root.dataset.shown
  drawToolButtons(explorer)
  root.querySelector(".says").textContent = tool.says
  showSlots(explorer)
  markShelf(explorer)
  root.querySelector(".realpane").hidden = tool.name !== "real"
  const results = root.querySelector(".results")
  const needs = tool.needs?.(explorer) ?? ""
  const hint = root.querySelector(".needs")
  hint.textContent = needs
  hint.hidden = !needs
  showWay(explorer, needs ? null : tool.way)
  if (tool.name === "real") {
    results.replaceChildren()
    showReal(explorer)
    return
  }
  if (needs) {
    results.replaceChildren()
    root.dataset.shown = tool.name
    return
  }
  results.classList.toggle("waiting", results.dataset.of !== tool.name) // what another tool drew is not shown under this one
  const rows = tool.rows(explorer.slots, { classes: explorer.data.classes, pair: explorer.pair, layers: explorer.layers })
  const recipes = rows.flatMap(({ tiles }) => tiles.map(([recipe]) => recipe))
  drawNewest(explorer, "results", recipes, (images) => {
    if (toolOf(explorer) !== tool) return
    let next = 0
    results.style.setProperty("--columns", Math.min(9, Math.max(...rows.map(({ tiles }) => tiles.length))))
    results.replaceChildren(
      ...rows.flatMap((row) => {
        const own = images.slice(next, (next += row.tiles.length))
        const strip = document.createElement("div")
        strip.className = "strip"
        strip.append(...row.tiles.map(([recipe, text], place) => result(explorer, row, recipe, text, own[place])))
        const title = tool.titleOf?.(row, own)
        if (!title) return [strip]
        const heading = document.createElement("h3")
        heading.textContent = title
        return [heading, strip]
      }),
    )
    results.dataset.of = tool.name
    results.classList.remove("waiting")
    markPicked(explorer)
    if (!explorer.picked) pick(explorer, ...middleOf(rows))
    root.dataset.shown = tool.name
  })
}

function middleOf(rows) {
  const [{ tiles }] = rows
  return tiles[tiles.length >> 1]
}

function result(explorer, row, recipe, text, image) {
  const box = document.createElement("figure")
  const tile = newTile(explorer, recipe, `${text}, ${recipeText(recipe)}`, () => {
    if (row.number !== undefined) explorer.row = row.number
    pick(explorer, recipe, text)
  })
  fillTile(explorer, tile, image)
  const caption = document.createElement("figcaption")
  caption.textContent = text
  box.append(tile, caption)
  return box
}

// the slider moves through the same way as the tiles, without steps
function showWay(explorer, way) {
  const slider = explorer.root.querySelector(".way")
  slider.hidden = !way
  if (!way) return
  const input = slider.querySelector("input")
  if (explorer.wayOf !== explorer.tool) {
    explorer.wayOf = explorer.tool
    Object.assign(input, { min: way.from, max: way.to, step: (way.to - way.from) / 200, value: way.at })
  }
  input.oninput = () => {
    const [recipe, text] = toolOf(explorer).along(explorer.slots, Number(input.value), explorer)
    pick(explorer, recipe, text)
  }
}

function pick(explorer, recipe, text) {
  explorer.picked = { recipe, text }
  markPicked(explorer)
  showActs(explorer)
  const start = explorer.slots.first
  drawNewest(explorer, "picked", [recipe, start], ([image, from]) => {
    const panel = (key, shown, title, note) => {
      explorer.viewer.images.set(key, Promise.resolve(shown))
      explorer.viewer.loaded.set(key, shown)
      return { id: key, title, note, help: "Synthetic", pixels: key }
    }
    explorer.viewer.images.clear()
    explorer.viewer.loaded.clear()
    const panels = [panel("picked", image, text, recipeText(recipe)), panel("start", from, "Where it began", recipeText(start))]
    showImages(explorer.viewer, { ...explorer.viewer.request, panels, difference: true, movement: null })
    explorer.root.dataset.picked = text
  })
}

function markPicked(explorer) {
  const key = explorer.picked && keyOf(explorer.picked.recipe)
  for (const tile of explorer.root.querySelectorAll(".results .tile")) tile.setAttribute("aria-pressed", String(keyOf(tile.recipe) === key))
}
