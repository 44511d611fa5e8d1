// Recipes: what an image is made of. The server draws them; nothing is computed here. See `generators/latent_recipes.py`.

function startRecipe(seed, index, label) {
  return { place: { seed, index }, classes: { [label]: 1 } }
}

// several parts at shares that sum to 1; a class in two of them counts twice
function classesOf(parts) {
  const classes = {}
  for (const [recipe, share] of parts)
    for (const [name, weight] of Object.entries(recipe.classes)) classes[name] = (classes[name] ?? 0) + share * weight
  return Object.fromEntries(Object.entries(classes).filter(([, weight]) => weight > 0))
}

function blended(first, second, at) {
  if (at === 0) return first
  if (at === 1) return second
  return { place: { between: [first.place, second.place], at }, classes: classesOf([[first, 1 - at], [second, at]]) }
}

function asClasses(recipe, classes) {
  return { place: recipe.place, classes: Object.fromEntries(Object.entries(classes).filter(([, weight]) => weight > 0)) }
}

function scaled(recipe, scale) {
  return { ...recipe, place: { from: recipe.place, scale } }
}

function alongPrincipal(recipe, number, by) {
  return { ...recipe, place: { from: recipe.place, principal: number, class: mainClass(recipe), by } }
}

function towardsGroup(recipe, away, towards, by) {
  const places = (recipes) => recipes.map(({ place }) => place)
  return { ...recipe, place: { from: recipe.place, away: places(away), towards: places(towards), by } }
}

function mixed(coarse, fine, layers) {
  return layers ? { coarse, fine, layers } : coarse
}

function mainClass(recipe) {
  const { classes } = recipe.coarse ?? recipe
  return Object.entries(classes).reduce((best, entry) => (entry[1] > best[1] ? entry : best))[0]
}

// mixed styles are an end: there is no one place from which one could go on
function canBeStart(recipe) {
  return Boolean(recipe?.place)
}

function keyOf(recipe) {
  return JSON.stringify(recipe)
}

function percent(share) {
  return `${Math.round(100 * share)} %`
}

function classText({ classes }) {
  const parts = Object.entries(classes).sort((left, right) => right[1] - left[1])
  if (parts.length === 1) return parts[0][0]
  return parts.map(([name, weight]) => `${percent(weight)} ${name}`).join(", ")
}

function recipeText(recipe) {
  return recipe.coarse ? `shape ${classText(recipe.coarse)}, texture ${classText(recipe.fine)}` : classText(recipe)
}
