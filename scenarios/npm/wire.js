'use strict'

// Reads one JSON object per line, answers with one per line, and ends with its input.
//
// What comes in is a value and the bytes that the other side made of it (`bytes`). What goes out
// is the bytes that the published packages make of the same value (`encoded`), and the value
// that they read from the given bytes (`decoded`). For `kind: "bytes"` there is no value: only
// whether they read it (`accepted`) and what they write then. Anything they throw is answered as
// `error`.

const readline = require('readline')
const btp = require('btp-packet')
const ilp = require('ilp-packet')
const converter = require('ilp-plugin-btp/build/protocol-data-converter')

const hex = (buffer) => buffer.toString('hex')
const bytes = (text) => Buffer.from(text, 'hex')

const packetCodec = {
  write: (value) => ilp.serializeIlpPacket(value),
  read: (buffer) => ilp.deserializeIlpPacket(buffer)
}

const kinds = {
  prepare: {
    ...packetCodec,
    fromJson: (json) => ({
      type: ilp.Type.TYPE_ILP_PREPARE,
      data: {
        amount: json.amount,
        expiresAt: new Date(json.expiresAt),
        executionCondition: bytes(json.condition),
        destination: json.destination,
        data: bytes(json.data)
      }
    }),
    toJson: ({ data }) => ({
      amount: data.amount,
      expiresAt: data.expiresAt.getTime(),
      condition: hex(data.executionCondition),
      destination: data.destination,
      data: hex(data.data)
    })
  },
  fulfill: {
    ...packetCodec,
    fromJson: (json) => ({
      type: ilp.Type.TYPE_ILP_FULFILL,
      data: { fulfillment: bytes(json.fulfillment), data: bytes(json.data) }
    }),
    toJson: ({ data }) => ({ fulfillment: hex(data.fulfillment), data: hex(data.data) })
  },
  reject: {
    ...packetCodec,
    fromJson: (json) => ({
      type: ilp.Type.TYPE_ILP_REJECT,
      data: {
        code: json.code,
        triggeredBy: json.triggeredBy,
        message: json.message,
        data: bytes(json.data)
      }
    }),
    toJson: ({ data }) => ({
      code: data.code,
      triggeredBy: data.triggeredBy,
      message: data.message,
      data: hex(data.data)
    })
  },
  frame: {
    write: (value) => btp.serialize(value),
    read: (buffer) => btp.deserialize(buffer),
    fromJson: (json) => {
      const protocolData = json.entries.map(([protocolName, contentType, data]) => ({
        protocolName,
        contentType,
        data: bytes(data)
      }))
      const data = { protocolData }
      if (json.type === btp.TYPE_TRANSFER) data.amount = json.amount
      if (json.type === btp.TYPE_ERROR) {
        data.code = json.code
        data.name = json.name
        data.triggeredAt = new Date(json.triggeredAt)
        data.data = json.data
      }
      return { type: json.type, requestId: json.requestId, data }
    },
    toJson: ({ type, requestId, data }) => {
      const json = {
        type,
        requestId,
        entries: data.protocolData.map((p) => [p.protocolName, p.contentType, hex(p.data)])
      }
      if (type === btp.TYPE_TRANSFER) json.amount = data.amount
      if (type === btp.TYPE_ERROR) {
        json.code = data.code
        json.name = data.name
        json.triggeredAt = data.triggeredAt.getTime()
        json.data = data.data
      }
      return json
    }
  },
  // What the plugin sends first on a connection that it opens.
  auth: {
    write: ({ requestId, username, token }) =>
      btp.serializeMessage(
        requestId,
        converter.ilpAndCustomToProtocolData({
          protocolMap: { auth: Buffer.from([]), auth_username: username, auth_token: token }
        })
      ),
    read: (buffer) => {
      const { requestId, data } = btp.deserialize(buffer)
      const { protocolMap } = converter.protocolDataToIlpAndCustom(data)
      return { requestId, username: protocolMap.auth_username, token: protocolMap.auth_token }
    },
    fromJson: (json) => json,
    toJson: (value) => value
  }
}

function answer (line) {
  const json = JSON.parse(line)
  try {
    if (json.kind === 'bytes') {
      const codec = json.frame ? kinds.frame : packetCodec
      const value = codec.read(bytes(json.bytes))
      try {
        return { accepted: true, encoded: hex(codec.write(value)) }
      } catch (error) {
        return { accepted: true, error: String(error) }
      }
    }
    const kind = kinds[json.kind]
    return {
      encoded: hex(kind.write(kind.fromJson(json.value))),
      decoded: kind.toJson(kind.read(bytes(json.bytes)))
    }
  } catch (error) {
    return { error: String(error) }
  }
}

readline
  .createInterface({ input: process.stdin })
  .on('line', (line) => process.stdout.write(JSON.stringify(answer(line)) + '\n'))
