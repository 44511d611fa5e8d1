// Sheets of images, and the step wedge. Pixels always lie on black.
function sheetOf({ title, rows }, classes) {
  const sheet = element("figure", "sheet")
  sheet.append(element("figcaption", "", title))
  rows.forEach((row, place) => {
    if (rows.length > 1 && classes[place]) sheet.append(element("div", "class", classes[place]))
    const picture = element("img")
    picture.src = row.address
    picture.alt = `${title}: ${row.images} images${classes[place] && rows.length > 1 ? `, ${classes[place]}` : ""}`
    picture.style.setProperty("--columns", row.columns)
    sheet.append(picture)
  })
  return sheet
}

function sheetsOf(sheets, classes = []) {
  const all = element("div", "sheets")
  all.style.setProperty("--sheets", sheets.length)
  all.append(...sheets.map((sheet) => sheetOf(sheet, classes)))
  return all
}

// sixteen even steps of grey; 5 % squares in the darkest and the brightest corner
function wedge() {
  const canvas = canvasOf(1120, 320, "Sixteen steps from black to white; a square of 5 % on black and one of 95 % on white")
  const pen = canvas.getContext("2d")
  for (let step = 0; step < 16; step++) {
    const grey = Math.round((255 * step) / 15)
    pen.fillStyle = `rgb(${grey} ${grey} ${grey})`
    pen.fillRect(step * 70, 0, 70, 320)
  }
  for (const [left, grey] of [[15, 13], [1065, 242]]) {
    pen.fillStyle = `rgb(${grey} ${grey} ${grey})`
    pen.fillRect(left, 140, 40, 40)
  }
  return canvas
}
