// Images from recipes: asked for together, kept, and shown in the window of the viewer.
const MOST_ASKED = 64
const MOST_DRAWN = 600
const FULL = 32767
const LONG = 600 // milliseconds after which a wait is explained

// a promise of the images of all recipes, in their order
async function drawn(explorer, recipes) {
  const wanted = new Map(recipes.filter((recipe) => !explorer.images.has(keyOf(recipe))).map((recipe) => [keyOf(recipe), recipe]))
  const missing = [...wanted.values()]
  for (let first = 0; first < missing.length; first += MOST_ASKED) await ask(explorer, missing.slice(first, first + MOST_ASKED))
  const images = recipes.map((recipe) => explorer.images.get(keyOf(recipe)))
  for (const recipe of recipes) refresh(explorer, keyOf(recipe))
  while (explorer.images.size > MOST_DRAWN) explorer.images.delete(explorer.images.keys().next().value)
  return images
}

function refresh(explorer, key) {
  const image = explorer.images.get(key)
  explorer.images.delete(key) // the newest stands last
  explorer.images.set(key, image)
}

async function ask(explorer, recipes) {
  const began = performance.now()
  const waiting = explorer.root.querySelector(".waiting")
  const explained = setTimeout(() => (waiting.textContent = "The generator is being loaded, which takes some seconds."), LONG)
  let answer
  try {
    answer = await fetch(explorer.data.draw, { method: "POST", body: JSON.stringify(recipes) })
  } catch {
    throw new Error("The connection to the app was lost. Reload the page.")
  } finally {
    clearTimeout(explained)
    waiting.textContent = ""
  }
  const bytes = await answer.arrayBuffer()
  if (!answer.ok) throw new Error(whyNot(bytes))
  const end = new Uint8Array(bytes).indexOf(10)
  const said = JSON.parse(new TextDecoder().decode(new Uint8Array(bytes, 0, end)))
  const size = said.channels * said.rows * said.columns
  const numbers = new Int16Array(bytes.slice(end + 1))
  const { scale: [low, high], unit, spacing } = explorer.data
  recipes.forEach((recipe, place) => {
    const values = Float32Array.from(numbers.subarray(place * size, (place + 1) * size), (number) => low + ((number / FULL + 1) / 2) * (high - low))
    const share = said.shares[place]
    explorer.images.set(keyOf(recipe), { ...said, values, low, high, unit, spacing, share })
  })
  explorer.layers = said.layers
  explorer.root.dataset.answered = (performance.now() - began).toFixed(0)
}

function whyNot(bytes) {
  try {
    const said = JSON.parse(new TextDecoder().decode(bytes))
    return `${said.what} ${said.do}`
  } catch {
    return "The images could not be drawn. Reload the page."
  }
}

// while one answer is on its way only the newest wish waits: a slider asks faster than anybody looks
function drawNewest(explorer, purpose, recipes, then) {
  explorer.wishes[purpose] = { recipes, then }
  if (explorer.drawing[purpose]) return
  explorer.drawing[purpose] = true
  workOff(explorer, purpose)
}

async function workOff(explorer, purpose) {
  while (explorer.wishes[purpose]) {
    const { recipes, then } = explorer.wishes[purpose]
    delete explorer.wishes[purpose]
    try {
      const images = await drawn(explorer, recipes)
      if (!explorer.wishes[purpose]) {
        say(explorer, "")
        then(images)
      }
    } catch (error) {
      say(explorer, error.message)
    }
  }
  explorer.drawing[purpose] = false
}

function say(explorer, text) {
  const problem = explorer.root.querySelector(".problem")
  problem.textContent = text
  problem.hidden = !text
}

// a tile is a button with a canvas; what it shows can change
function newTile(explorer, recipe, label, onclick) {
  const tile = document.createElement("button")
  tile.type = "button"
  tile.className = "tile"
  tile.setAttribute("aria-label", label)
  tile.title = label
  tile.onclick = onclick
  tile.append(document.createElement("canvas"))
  tile.recipe = recipe
  explorer.tiles.add(tile)
  return tile
}

function fillTile(explorer, tile, image) {
  const canvas = tile.querySelector("canvas")
  canvas.width = image.columns
  canvas.height = image.rows
  paintImage(canvas, { image }, windowNow(explorer, image))
  tile.image = image
}

function windowNow(explorer, image) {
  const { viewer } = explorer
  if (!viewer.window) {
    viewer.shown = [image]
    viewer.window = rememberedWindow(explorer.data.unit) ?? firstWindow(viewer)
  }
  const [low, high] = viewer.window
  return viewer.isInverted ? [high, low] : [low, high]
}

function repaintTiles(explorer) {
  for (const tile of explorer.tiles) {
    if (!tile.isConnected) explorer.tiles.delete(tile)
    else if (tile.image) paintImage(tile.querySelector("canvas"), { image: tile.image }, windowNow(explorer, tile.image))
  }
}
