// The tools: what each asks for, and the rows of images that it shows. `way` is what its slider moves through.
const NINE = [0, 0.125, 0.25, 0.375, 0.5, 0.625, 0.75, 0.875, 1]
const SEVEN = [-3, -2, -1, 0, 1, 2, 3]
const SCALES = [0, 0.25, 0.5, 0.75, 1, 1.25, 1.5]
const DIRECTIONS = 5

const signed = (number) => (number > 0 ? `+${number}` : String(number).replace("-", "−"))

const TOOLS = [
  {
    name: "between",
    title: "Between two images",
    says: "From the first image to the second in even steps.",
    slots: ["first", "second"],
    way: { from: 0, to: 1, at: 0.5 },
    rows: ({ first, second }) => [{ tiles: NINE.map((at) => [blended(first, second, at), percent(at)]) }],
    along: ({ first, second }, at) => [blended(first, second, at), `${percent(at)} of the way`],
  },
  {
    name: "classes",
    title: "All classes",
    says: "The same random numbers drawn as every class: what stays the same does not depend on the class.",
    slots: ["first"],
    rows: ({ first }, { classes }) => [{ tiles: classes.slice(0, 35).map((name) => [asClasses(first, { [name]: 1 }), name]) }],
  },
  {
    name: "blend",
    title: "Between two classes",
    says: "The same random numbers, drawn from one class over to another. What lies between was never seen in training.",
    slots: ["first"],
    pair: true,
    needs: ({ data }) => (data.classes.length > 1 ? "" : "This generator has one class, so there is nothing between two."),
    way: { from: 0, to: 1, at: 0.5 },
    rows: ({ first }, { pair: [left, right] }) => [
      { tiles: NINE.map((at) => [asClasses(first, { [left]: 1 - at, [right]: at }), percent(at)]) },
    ],
    along: ({ first }, at, { pair: [left, right] }) => [asClasses(first, { [left]: 1 - at, [right]: at }), `${percent(at)} ${right}`],
  },
  {
    name: "varies",
    title: "What varies most",
    says: "Each row moves the image along one of the ways in which images of its class change most. 0 is the image itself.",
    slots: ["first"],
    way: { from: -4, to: 4, at: 0 },
    rows: ({ first }) =>
      Array.from({ length: DIRECTIONS }, (_, number) => ({
        number,
        tiles: SEVEN.map((by) => [by ? alongPrincipal(first, number, by) : first, signed(by)]),
      })),
    titleOf: (row, images) => {
      const share = images.find((image) => image.share !== null)?.share
      return share === undefined ? `${row.number + 1}` : `${row.number + 1}: ${percent(share)} of all change`
    },
    along: ({ first }, by, { row }) => [alongPrincipal(first, row, by), `${signed(Math.round(10 * by) / 10)} along row ${row + 1}`],
  },
  {
    name: "group",
    title: "Towards a group",
    says: "Mark some images on each side: the image moves from what those of the first side share towards what those of the second share. From few marks much is chance.",
    slots: ["first", "away", "towards"],
    opens: "away",
    needs: ({ slots }) => (slots.away.length && slots.towards.length ? "" : "Choose the box of a side, then click images on the left; click one again to take it out."),
    way: { from: -5, to: 5, at: 0 },
    rows: ({ first, away, towards }) => [{ tiles: SEVEN.map((by) => [by ? towardsGroup(first, away, towards, by) : first, signed(by)]) }],
    along: ({ first, away, towards }, by) => [towardsGroup(first, away, towards, by), `${signed(Math.round(10 * by) / 10)} towards the second side`],
  },
  {
    name: "typical",
    title: "Typical or unusual",
    says: "Left of 1 the image comes nearer to the most typical one, right of 1 it is more unusual than what the generator draws.",
    slots: ["first"],
    way: { from: 0, to: 2, at: 1 },
    rows: ({ first }) => [{ tiles: SCALES.map((scale) => [scaled(first, scale), String(scale)]) }],
    along: ({ first }, scale) => [scaled(first, scale), `at ${Math.round(100 * scale) / 100}`],
  },
  {
    name: "styles",
    title: "Shape and texture",
    says: "Coarse layers decide the shape, fine ones the texture: from left to right more layers are those of the second image.",
    slots: ["first", "second"],
    needs: ({ layers }) => (layers ? "" : "This generator has no styles to mix. Train one with the recipe style-lite."),
    rows: ({ first, second }, { layers }) => [
      { tiles: Array.from({ length: layers }, (_, count) => [mixed(first, second, count), `${count} of ${layers}`]) },
    ],
  },
  {
    name: "real",
    title: "Like a real image",
    says: "Choose a real image. The generator is searched for the image that is nearest to it, which takes some seconds.",
    slots: [],
  },
]

const SLOT_TITLES = { first: "Image", second: "Second image", away: "From these", towards: "To these" }

function toolOf(explorer) {
  return TOOLS.find(({ name }) => name === explorer.tool) ?? TOOLS[0]
}

// the slot that a click fills at first: what a tool still needs
function firstSlot({ slots }, { slots: own, opens }) {
  return opens && !slots[opens].length ? opens : own[0]
}

function drawToolButtons(explorer) {
  const buttons = TOOLS.filter(({ name }) => name !== "real" || explorer.data.real).map((tool) => {
    const button = document.createElement("button")
    button.type = "button"
    button.textContent = tool.title
    button.setAttribute("aria-pressed", String(tool === toolOf(explorer)))
    button.onclick = () => {
      explorer.tool = tool.name
      explorer.slot = firstSlot(explorer, tool)
      explorer.picked = null
      remember(explorer)
      showTool(explorer)
    }
    return button
  })
  explorer.root.querySelector(".toolbuttons").replaceChildren(...buttons)
}
