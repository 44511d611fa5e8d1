// A real image and the nearest one that the generator was found to make. The search is a job; what it found comes by page.
const REAL_TILES = 48

async function showReal(explorer) {
  const { data, root } = explorer
  explorer.list ??= await (await fetch(data.real.list)).json()
  const { ids, labels, roles } = explorer.list
  const rows = labels.flatMap((label, row) => (label === explorer.realClass && roles[row] === explorer.role ? [row] : []))
  const pages = Math.max(1, Math.ceil(rows.length / REAL_TILES))
  explorer.page = ((explorer.page % pages) + pages) % pages
  const shown = rows.slice(explorer.page * REAL_TILES, (explorer.page + 1) * REAL_TILES).map((row) => ids.slice(12 * row, 12 * row + 12))
  showRealBar(explorer, rows.length, pages)
  const found = new Map(data.real.found.map((one) => [one.image, one]))
  const [newest] = data.real.found
  explorer.real ??= newest?.image ?? shown[0] ?? null
  root.querySelector(".reals").replaceChildren(...shown.map((id) => realTile(explorer, id, found.has(id))))
  const one = found.get(explorer.real)
  const search = root.querySelector(".search")
  search.disabled = !explorer.real || Boolean(one) || data.real.searching
  search.textContent = data.real.searching ? "Searching…" : "Search for the nearest"
  search.onclick = () => {
    search.disabled = true
    explorer.send("search", { image: explorer.real })
  }
  root.querySelector(".foundtext").textContent = one?.says ?? ""
  showPair(explorer, one)
  root.dataset.shown = "real"
}

function showRealBar(explorer, count, pages) {
  const bar = explorer.root.querySelector(".realbar")
  const choice = (label, names, field) => {
    const select = document.createElement("select")
    select.setAttribute("aria-label", label)
    select.append(...names.map((name, number) => new Option(name, number, false, number === explorer[field])))
    select.onchange = () => {
      explorer[field] = Number(select.value)
      explorer.page = 0
      showReal(explorer)
    }
    return select
  }
  const choices = [choice("Class of the real images", explorer.data.real.classes, "realClass"), choice("Share of the real images", explorer.data.real.roles, "role")]
  const turn = (text, label, steps) => {
    const button = document.createElement("button")
    button.type = "button"
    button.textContent = text
    button.setAttribute("aria-label", label)
    button.disabled = pages === 1
    button.onclick = () => {
      explorer.page += steps
      showReal(explorer)
    }
    return button
  }
  bar.replaceChildren(...choices, ` ${count} real images `, turn("‹", "Images before", -1), turn("›", "Images after", 1))
}

function realTile(explorer, id, isFound) {
  const tile = document.createElement("button")
  tile.type = "button"
  tile.className = "tile real"
  tile.setAttribute("aria-label", `real image ${id}${isFound ? ", searched for" : ""}`)
  tile.setAttribute("aria-pressed", String(id === explorer.real))
  if (isFound) tile.dataset.marks = "✓"
  const image = new Image()
  image.alt = ""
  image.src = `${explorer.data.real.images}${id}.png`
  tile.append(image)
  tile.onclick = () => {
    explorer.real = id
    explorer.picked = null
    showReal(explorer)
  }
  return tile
}

async function showPair(explorer, one) {
  const { viewer, real, data } = explorer
  explorer.picked = one ? { recipe: one.recipe, text: "nearest found" } : null
  showActs(explorer)
  if (!real) return
  const panels = [{ id: real, title: "Real image", note: "", help: "Real", pixels: `${data.real.pixels}${real}` }]
  if (one) {
    try {
      const [image] = await drawn(explorer, [one.recipe])
      viewer.images.set("found", Promise.resolve(image))
      viewer.loaded.set("found", image)
    } catch (error) {
      say(explorer, error.message)
      return
    }
    panels.push({ id: "found", title: "Nearest found", note: "synthetic", help: "Synthetic", pixels: "found" })
  }
  showImages(viewer, { ...viewer.request, panels, difference: panels.length > 1, movement: null })
}
