// Opens report pages in Chromium as a reader would, and prints what is to be seen as JSON.
//
// usage: node page.js FOLDER < CASES
//
// CASES is a JSON list of {name, file, width, height, scheme}. A screenshot of each first viewport
// and of each whole page goes into FOLDER.
'use strict'

const fs = require('fs')
const os = require('os')
const path = require('path')
const { chromium } = require('playwright-core')
const axe = fs.readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8')

const FLAGS = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync',
  // Nothing but the file itself can be reached, whatever a page or the browser tries.
  '--host-resolver-rules=MAP * ~NOTFOUND'
]

// Runs in the page. Everything is measured from what is rendered.
function look () {
  const box = element => {
    const { x, y, width, height } = element.getBoundingClientRect()
    return { x, y, width, height }
  }
  const shown = element => {
    const { width, height } = element.getBoundingClientRect()
    return width > 0 && height > 0 && getComputedStyle(element).visibility === 'visible'
  }
  const text = element => element.textContent.replace(/\s+/g, ' ').trim()

  // Contrast of texts in drawings, which axe leaves out: fill against the nearest background.
  const parse = colour => {
    const parts = colour.match(/[\d.]+/g)
    return parts && (parts[3] === undefined || Number(parts[3]) > 0) ? parts.slice(0, 3).map(Number) : null
  }
  const luminance = ([r, g, b]) => {
    const linear = [r, g, b].map(value => {
      const share = value / 255
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
    })
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
  }
  const behind = element => {
    // A shape drawn earlier that holds the text's middle, else the background of an ancestor.
    const { x, y, width, height } = element.getBoundingClientRect()
    const [middleX, middleY] = [x + width / 2, y + height / 2]
    const shapes = [...element.ownerSVGElement.querySelectorAll('rect, ellipse, circle')]
      .filter(shape => {
        const b = shape.getBoundingClientRect()
        return b.x <= middleX && middleX <= b.x + b.width && b.y <= middleY && middleY <= b.y + b.height &&
          shape.compareDocumentPosition(element) & Node.DOCUMENT_POSITION_FOLLOWING
      })
      .map(shape => parse(getComputedStyle(shape).fill))
      .filter(Boolean)
    if (shapes.length) return shapes.pop()
    for (let up = element.ownerSVGElement; up; up = up.parentElement) {
      const colour = parse(getComputedStyle(up).backgroundColor)
      if (colour) return colour
    }
    return [255, 255, 255]
  }
  const drawn = [...document.querySelectorAll('svg text')].filter(shown).map(element => {
    const [a, b] = [parse(getComputedStyle(element).fill), behind(element)].map(luminance)
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)
    return { text: text(element), ratio, height: element.getBoundingClientRect().height, box: box(element), svg: box(element.ownerSVGElement) }
  })

  const overlaps = []
  for (const svg of document.querySelectorAll('svg.histogram, svg.axis')) {
    const labels = [...svg.querySelectorAll('text')].map(label => ({ text: text(label), box: box(label) }))
    labels.forEach((one, index) => labels.slice(index + 1).forEach(other => {
      if (one.box.x < other.box.x + other.box.width && other.box.x < one.box.x + one.box.width &&
          one.box.y < other.box.y + other.box.height && other.box.y < one.box.y + one.box.height) {
        overlaps.push(`${one.text} and ${other.text}`)
      }
    }))
  }

  return {
    title: document.title,
    background: getComputedStyle(document.body).backgroundColor,
    heading: { text: text(document.querySelector('h1')), box: box(document.querySelector('h1')) },
    viewport: { width: innerWidth, height: innerHeight },
    scrollWidth: document.documentElement.scrollWidth,
    outside: [...document.querySelectorAll('body *')]
      .filter(element => shown(element) && !element.closest('svg') && element.getBoundingClientRect().right > innerWidth + 0.5)
      .map(element => `${element.tagName}.${element.className}`),
    findings: [...document.querySelectorAll('.finding')].map(element => ({
      heading: text(element.querySelector('h3')),
      evidence: text(element.querySelector('.evidence')),
      box: box(element.querySelector('.evidence'))
    })),
    stages: [...document.querySelectorAll('svg.bar')].map(svg => {
      const bar = svg.querySelector('rect.stage')
      return {
        missed: bar.classList.contains('missed'),
        title: bar.querySelector('title').textContent,
        row: text(svg.closest('tr')),
        box: box(bar),
        track: box(svg)
      }
    }),
    checks: [...document.querySelectorAll('table.checks .id')].filter(shown).map(text),
    metrics: [...document.querySelectorAll('figure.metric')].filter(shown).map(figure => ({
      name: text(figure.querySelector('h3')),
      buckets: [...figure.querySelectorAll('.bucket')].map(box),
      budgets: figure.querySelectorAll('.histogram line.budget').length,
      drawing: box(figure.querySelector('svg'))
    })),
    homes: [...document.querySelectorAll('.drawing .home rect')].map(box),
    peerings: [...document.querySelectorAll('.drawing .peering')].map(box),
    bands: [...document.querySelectorAll('svg .band')].map(band => ({
      kind: band.classList.contains('fault') ? 'fault' : 'recovery',
      title: text(band.querySelector('title')),
      fill: getComputedStyle(band).fill,
      box: box(band),
      drawing: box(band.ownerSVGElement)
    })),
    // The bands of the timeline: stops of one background, in percent of each drawing's width.
    stripes: [...document.querySelectorAll('table.timeline svg')].map(svg => ({
      colours: getComputedStyle(svg).backgroundImage.match(/rgba?\([^)]*\) [\d.]+%/g) || [],
      box: box(svg)
    })),
    // Where the bar is of each stage that is a band as well.
    broken: [...document.querySelectorAll('table.timeline tbody tr[id^=stage-]')]
      .filter(row => /^(fault|recovery) /.test(text(row.querySelector('th')) + ' '))
      .map(row => ({ id: row.id, label: text(row.querySelector('th')), box: box(row.querySelector('rect.stage')) })),
    links: [...document.querySelectorAll('a[href^="#"]')].map(link => ({
      to: link.getAttribute('href').slice(1),
      from: link.closest('tr[id], article, ul.faults, nav, table.plain')?.id || link.closest('article, ul, nav, table')?.className || ''
    })),
    drawn,
    overlaps
  }
}

// Goes through the page as somebody without a mouse does.
async function keys (page) {
  const stops = await page.evaluate(() => {
    const all = [...document.querySelectorAll('a[href], summary, input, button, select, textarea, [tabindex="0"]')]
      // Of a group of radio buttons the chosen one is a stop, and what a closed part holds is none.
      .filter(element => (element.type !== 'radio' || element.checked) && element.checkVisibility({ contentVisibilityAuto: true }))
    all.forEach((element, index) => { element.dataset.stop = index })
    return all.length
  })
  const went = []
  for (let index = 0; index < stops; index++) {
    await page.keyboard.press('Tab')
    went.push(await page.evaluate(() => {
      const element = document.activeElement
      const { outlineStyle, outlineWidth } = getComputedStyle(element)
      const { x, y, width, height } = element.getBoundingClientRect()
      return {
        stop: element.dataset.stop === undefined ? null : Number(element.dataset.stop),
        what: element.outerHTML.slice(0, 120),
        outline: outlineStyle,
        thick: parseFloat(outlineWidth),
        seen: width > 0 && height > 0 && x + width > 0 && x < innerWidth && y + height > 0 && y < innerHeight
      }
    }))
  }
  return { stops, went }
}

// What each choice of the filter leaves, chosen by the arrow keys.
async function choices (page) {
  const rows = () => page.evaluate(() => {
    const chosen = document.querySelector('.filter input:checked')
    const shown = [...document.querySelectorAll('#checks .checks tbody tr:not(.group)')].filter(row => row.checkVisibility())
    return { id: chosen.id, rows: shown.length, kinds: [...new Set(shown.map(row => row.className))] }
  })
  const count = await page.locator('.filter input').count()
  const found = []
  if (count) await page.locator('.filter input:checked').focus()
  for (let index = 0; index < count; index++) {
    found.push(await rows())
    await page.keyboard.press('ArrowRight')
  }
  return found
}

// The page on paper, while a filter hides most of its checks and everything that can be folded is.
async function paper (page, folder, name, width, height) {
  const filter = page.locator('.filter input').last()
  if (await filter.count()) await filter.check()
  await page.emulateMedia({ media: 'print' })
  // An A4 sheet between its margins.
  await page.setViewportSize({ width: 718, height: 1000 })
  const is = element => element.checkVisibility({ contentVisibilityAuto: true, visibilityProperty: true })
  const found = await page.evaluate(`(() => {
    const is = ${is}
    const all = query => [...document.querySelectorAll(query)]
    return {
      controls: all('input, nav, .filter, .skip').filter(is).map(element => element.outerHTML.slice(0, 100)),
      folded: all('details > :not(summary)').filter(element => !is(element) || element.getBoundingClientRect().height < 1).length,
      parts: all('details').length,
      hidden: all('.checks tbody tr').filter(row => !is(row)).length,
      background: getComputedStyle(document.body).backgroundColor,
      colour: getComputedStyle(document.body).color,
      scrollWidth: document.documentElement.scrollWidth,
      small: all('body *').filter(element => is(element) && [...element.childNodes].some(node => node.nodeType === 3 && node.data.trim()) &&
        parseFloat(getComputedStyle(element).fontSize) < 9).map(element => element.outerHTML.slice(0, 100))
    }
  })()`)
  const { violations, passed } = await judge(page, ['color-contrast'])
  const contrast = { violations, looked: passed.includes('color-contrast') }
  const { drawn } = await page.evaluate(look)
  await page.pdf({ path: path.join(folder, `${name}.pdf`), format: 'A4' })
  await page.emulateMedia({ media: 'screen' })
  await page.setViewportSize({ width, height })
  if (await filter.count()) await page.locator('.filter input').first().check()
  return { ...found, contrast, drawn }
}

async function main () {
  const folder = process.argv[2]
  const cases = JSON.parse(fs.readFileSync(0, 'utf8'))
  const profile = fs.mkdtempSync(path.join(os.tmpdir(), 'ator-scenario-browser-'))
  const results = []
  try {
    for (const { name, file, width, height, scheme } of cases) {
      // A profile of its own for each: nothing one page did is seen by the next.
      const context = await chromium.launchPersistentContext(path.join(profile, name), {
        executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
        args: FLAGS,
        headless: true,
        viewport: { width, height },
        colorScheme: scheme,
        reducedMotion: 'reduce'
      })
      const page = context.pages()[0] || await context.newPage()
      const requests = []
      const complaints = []
      page.on('request', request => requests.push(request.url()))
      page.on('console', message => complaints.push(`${message.type()}: ${message.text()}`))
      page.on('pageerror', error => complaints.push(`error: ${error.message}`))
      await page.goto('file://' + file)
      await page.screenshot({ path: path.join(folder, `${name}.png`) })
      const seen = await page.evaluate(look)
      const loaded = requests.slice()
      const { stops, went } = await keys(page)
      const filtered = await choices(page)
      // The first stop leads past what is the same on every page.
      await page.locator('a.skip').focus()
      await page.keyboard.press('Enter')
      const skipped = await page.evaluate(() => document.activeElement.id)
      const summary = page.locator('summary').first()
      const unfolded = await summary.count()
        ? await summary.focus().then(() => page.keyboard.press('Enter')).then(() => page.locator('details').first().evaluate(part => part.open))
        : null
      if (unfolded) await page.keyboard.press('Enter')
      const accessibility = await judge(page)
      await page.screenshot({ path: path.join(folder, `${name}-whole.png`), fullPage: true })
      // Paper has its own width: once in each scheme is enough.
      const printed = width < 1000 ? null : await paper(page, folder, name, width, height)
      results.push({ name, requests: loaded, complaints, stops, went, filtered, skipped, unfolded, accessibility, printed, seen })
      await context.close()
    }
  } finally {
    fs.rmSync(profile, { recursive: true, force: true })
  }
  process.stdout.write(JSON.stringify(results))
}

const STANDARDS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']

// What axe finds wrong with the page: contrast, names, headings, tables, landmarks; or by some rules alone.
async function judge (page, rules) {
  const only = rules ? { type: 'rule', values: rules } : STANDARDS
  const { violations, passes } = await page.evaluate(`${axe}; axe.run(document, { runOnly: ${JSON.stringify(only)} })`)
  return {
    violations: violations.map(({ id, help, nodes }) => ({
      id, help, nodes: nodes.map(node => `${node.html.slice(0, 200)} ${node.failureSummary}`)
    })),
    passed: passes.map(({ id }) => id)
  }
}

main().catch(error => {
  process.stderr.write(`${error.stack || error}\n`)
  process.exit(1)
})
