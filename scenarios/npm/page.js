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
      budgets: figure.querySelectorAll('line.budget').length,
      drawing: box(figure.querySelector('svg'))
    })),
    homes: [...document.querySelectorAll('.drawing .home rect')].map(box),
    peerings: [...document.querySelectorAll('.drawing .peering')].map(box),
    drawn,
    overlaps
  }
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
      // The heading is in view, and Tab goes through links that can be seen.
      await page.keyboard.press('Tab')
      const focus = await page.evaluate(() => {
        const element = document.activeElement
        return { tag: element.tagName, outline: getComputedStyle(element).outlineStyle }
      })
      const loaded = requests.slice()
      const accessibility = await judge(page)
      await page.screenshot({ path: path.join(folder, `${name}-whole.png`), fullPage: true })
      results.push({ name, requests: loaded, complaints, focus, accessibility, seen })
      await context.close()
    }
  } finally {
    fs.rmSync(profile, { recursive: true, force: true })
  }
  process.stdout.write(JSON.stringify(results))
}

// What axe finds wrong with the page: contrast, names, headings, tables, landmarks.
async function judge (page) {
  const { violations, passes } = await page.evaluate(`${axe}; axe.run(document, {
    runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']
  })`)
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
