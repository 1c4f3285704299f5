// A peer of the original program, on grpc-js: a gRPC that shares no code with ours.
//
//   node legacy_peer.mjs IP:PORT      LANCHAT_NODE_MODULES: where the packages are installed
//
// Commands and events are those of legacy_peer.py.
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const require = createRequire(join(process.env.LANCHAT_NODE_MODULES, 'from-here.js'));
const grpc = require('@grpc/grpc-js');
const loader = require('@grpc/proto-loader');

const here = dirname(fileURLToPath(import.meta.url));
const loaded = loader.loadSync(join(here, 'legacy.proto'), { keepCase: true });
const method = loaded['message.Chat'].NewNode;

const tell = (event, more) => process.stdout.write(JSON.stringify({ event, ...more }) + '\n');

// A frame as protobuf reads it, with the bytes it came in.
const reading = (parse) => (bytes) => ({ msg: parse(bytes).msg, bytes });
const NewNode = {
  ...method,
  requestDeserialize: reading(method.requestDeserialize),
  responseDeserialize: reading(method.responseDeserialize),
};

const self = process.argv[2];
const peers = new Map();
let targets = [];
let timer = null;
let scanning = false;

const report = (peer, side, frame, first) =>
  tell('frame', { peer, side, first, base64: frame.bytes.toString('base64') });

function add(peer, entry) {
  if (peers.has(peer)) return false;
  peers.set(peer, entry);
  tell('added', { peer, side: entry.side });
  return true;
}

function remove(peer, entry) {
  if (peers.get(peer) !== entry) return;
  peers.delete(peer);
  tell('removed', { peer, side: entry.side });
}

// The acceptor's side: known addresses get an end without a reason.
function accept(call) {
  let peer = null;
  const entry = { side: 'server', stream: call };
  const gone = () => {
    if (peer !== null) remove(peer, entry);
    call.end();
  };
  call.on('data', (frame) => {
    const first = peer === null;
    if (first) peer = frame.msg;
    report(peer, 'server', frame, first);
    if (!first) return;
    if (add(peer, entry)) call.write({ msg: 'ok' });
    else call.end();
  });
  call.on('end', gone);
  call.on('cancelled', gone);
  call.on('error', gone);
}

// The dialler's side. Resolves when the greeting is over, however it ends.
function dial(peer) {
  return new Promise((greeted) => {
    const client = new grpc.Client(peer, grpc.credentials.createInsecure(), {
      'grpc.enable_http_proxy': 0,
      'grpc.use_local_subchannel_pool': 1,
    });
    const stream = client.makeBidiStreamRequest(
      NewNode.path, NewNode.requestSerialize, NewNode.responseDeserialize);
    const entry = { side: 'client', stream };
    let first = true;
    const over = (event, more) => {
      if (!first) return remove(peer, entry);
      first = false;
      tell(event, { peer, side: 'client', ...more });
      stream.end();
      greeted();
    };
    stream.on('data', (frame) => {
      report(peer, 'client', frame, first);
      if (!first) return;
      if (frame.msg !== 'ok') return over('refused');
      first = false;
      // The half-close of a duplicate: the connection stays, as in the original.
      if (!add(peer, entry)) {
        tell('duplicate', { peer, side: 'client' });
        stream.end();
      }
      greeted();
    });
    stream.on('end', () => over('refused'));
    stream.on('error', (error) => {
      if (first) client.close();
      over('failed', { why: error.message });
    });
    stream.write({ msg: self });
  });
}

// One target after the other, then a second of rest.
async function discover() {
  if (scanning) return;
  scanning = true;
  clearTimeout(timer);
  for (const target of targets)
    if (target !== self && !peers.has(target)) await dial(target);
  timer = setTimeout(discover, 1000);
  scanning = false;
}

const drained = (stream) => new Promise((over) => {
  const done = () => {
    stream.off('drain', done);
    stream.off('close', done);
    over();
  };
  stream.on('drain', done);
  stream.on('close', done);
});

// As fast as whoever is slowest takes them, as the original; without a count for ever.
async function paste(text, count) {
  for (let n = 0; count === undefined || n < count; ++n) {
    const msg = count === undefined ? text : text + n;
    for (const { stream } of [...peers.values()])
      if (!stream.write({ msg })) await drained(stream);
    if (peers.size === 0) await new Promise((later) => setTimeout(later, 10));
  }
}

function obey(command) {
  if (command.do === 'scan') {
    targets = command.targets;
    discover();
  } else if (command.do === 'rest') {
    targets = [];
  } else if (command.do === 'paste') {
    paste(command.text, command.count);
  } else {
    for (const { stream } of peers.values()) stream.write({ msg: command.text });
  }
}

const server = new grpc.Server({ 'grpc.so_reuseport': 0 });
server.addService({ NewNode }, { NewNode: accept });
server.bindAsync(self, grpc.ServerCredentials.createInsecure(), (error) => {
  if (error) throw error;
  tell('listening', { address: self });
});
const input = createInterface({ input: process.stdin });
input.on('line', (line) => obey(JSON.parse(line)));
// The process simply dies, as the original does.
input.on('close', () => process.exit(0));
