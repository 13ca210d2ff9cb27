'use strict'

// A peer made of the published plugin, driven by lines of JSON.
//
// The first line says what it is: `{"listen": "secret"}` for one that waits for its peer, or
// `{"dial": "btp+ws://user:secret@host:port"}` for one that dials; with `preimages`, which is what
// it knows of fulfillments, as hex. Each further line `{"send": {...}}` is a PREPARE to send;
// `{"end": true}` disconnects, as does the end of the input.
//
// Each line of output is one thing that happened: `listening`, `connected`, `disconnected`,
// `received` (a PREPARE and the answer to it), `answer` (to a PREPARE of ours), `failed` (no
// answer to it), and `log` for what the plugin logs as an error or a warning.

const crypto = require('crypto')
const readline = require('readline')
const WebSocket = require('ws')
const ilp = require('ilp-packet')
const Plugin = require('ilp-plugin-btp')

const hex = (buffer) => buffer.toString('hex')
const bytes = (text) => Buffer.from(text, 'hex')
const say = (event, more) => process.stdout.write(JSON.stringify({ event, ...more }) + '\n')
const sha256 = (buffer) => crypto.createHash('sha256').update(buffer).digest()

// What is read of a packet, in the same words in both directions.
function describe (packet) {
  const { type, data } = ilp.deserializeIlpPacket(packet)
  switch (type) {
    case ilp.Type.TYPE_ILP_PREPARE:
      return {
        type: 'PREPARE',
        amount: data.amount,
        destination: data.destination,
        expiresAt: data.expiresAt.getTime(),
        condition: hex(data.executionCondition),
        data: hex(data.data)
      }
    case ilp.Type.TYPE_ILP_FULFILL:
      return { type: 'FULFILL', fulfillment: hex(data.fulfillment), data: hex(data.data) }
    case ilp.Type.TYPE_ILP_REJECT:
      return {
        type: 'REJECT',
        code: data.code,
        triggeredBy: data.triggeredBy,
        message: data.message,
        data: hex(data.data)
      }
  }
}

// Fulfils what it knows the preimage of, and rejects everything else.
function decide (prepare, preimages) {
  const fulfillment = preimages.find((preimage) => hex(sha256(preimage)) === prepare.condition)
  if (fulfillment) {
    return ilp.serializeIlpFulfill({ fulfillment, data: Buffer.from('thanks') })
  }
  return ilp.serializeIlpReject({
    code: 'F02',
    triggeredBy: 'test.plugin',
    message: 'nobody here',
    data: Buffer.from('why')
  })
}

// Says on which port it listens, which the plugin itself does not.
class Server extends WebSocket.Server {
  constructor (options) {
    super(options)
    this.on('listening', () => say('listening', { port: this.address().port }))
  }
}

const quiet = () => {}
const loud = (level) => (...parts) => say('log', { level, text: parts.map(String).join(' ') })
const log = {
  trace: quiet,
  debug: quiet,
  info: quiet,
  warn: loud('warn'),
  error: loud('error')
}

function start ({ listen, dial, preimages }) {
  const options = listen !== undefined
    ? { listener: { secret: listen, wsOpts: { host: '127.0.0.1', port: 0 } } }
    : { server: dial }
  const plugin = new Plugin(options, { log, WebSocketServer: Server })
  const known = (preimages || []).map(bytes)
  plugin.registerDataHandler(async (packet) => {
    const prepare = describe(packet)
    if (prepare.type !== 'PREPARE') throw new Error('a request has to be a PREPARE')
    const answer = decide(prepare, known)
    say('received', { prepare, answer: describe(answer) })
    return answer
  })
  plugin.on('disconnect', () => say('disconnected'))
  plugin.connect().then(
    () => say('connected'),
    (error) => say('log', { level: 'connect', text: String(error) })
  )
  return plugin
}

async function send (plugin, prepare) {
  const packet = ilp.serializeIlpPrepare({
    amount: prepare.amount,
    executionCondition: bytes(prepare.condition),
    destination: prepare.destination,
    data: bytes(prepare.data),
    expiresAt: new Date(prepare.expiresAt)
  })
  try {
    say('answer', { answer: describe(await plugin.sendData(packet)) })
  } catch (error) {
    say('failed', { text: String(error) })
  }
}

let plugin

async function end () {
  if (plugin) await plugin.disconnect()
  process.exit(0)
}

readline
  .createInterface({ input: process.stdin })
  .on('line', (line) => {
    const order = JSON.parse(line)
    if (order.end) end()
    else if (order.send) send(plugin, order.send)
    else plugin = start(order)
  })
  .on('close', end)
