// What could not be sent waits in this browser, encrypted with AES-GCM, for the one who typed it.
//
// The key is made of two parts: one is random, cannot be read out, and stays in this browser until its owner signs out;
// the other is told by the server to its owner alone. So whoever signs in next has ciphertext only.

import { me } from "./page.js";

const NAME = "weihu";
const DAYS = 30;
const usable = () => Boolean(globalThis.crypto?.subtle && globalThis.indexedDB && me.staff);

export const canKeep = usable;

function open() {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME, 1);
    request.onupgradeneeded = () => {
      request.result.createObjectStore("keys");
      request.result.createObjectStore("waiting", { keyPath: "number" });
    };
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

// One act on one store; its result once it is durable.
async function store(name, mode, act) {
  const database = await open();
  try {
    return await new Promise((resolve, reject) => {
      const transaction = database.transaction(name, mode);
      const request = act(transaction.objectStore(name));
      transaction.oncomplete = () => resolve(request.result);
      transaction.onerror = transaction.onabort = () => reject(transaction.error);
    });
  } finally {
    database.close();
  }
}

async function ownPart() {
  const kept = await store("keys", "readonly", (keys) => keys.get(me.staff));
  if (kept) return kept;
  const random = crypto.getRandomValues(new Uint8Array(32));
  const part = await crypto.subtle.importKey("raw", random, "HKDF", false, ["deriveKey"]);
  await store("keys", "readwrite", (keys) => keys.put(part, me.staff));
  return part;
}

async function key() {
  const text = new TextEncoder();
  const how = { name: "HKDF", hash: "SHA-256", salt: text.encode(me.share), info: text.encode(me.staff) };
  return crypto.subtle.deriveKey(how, await ownPart(), { name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
}

export async function keep(row) {
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const content = new TextEncoder().encode(JSON.stringify(row));
  const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv }, await key(), content);
  const kept = { number: row.number, staff: me.staff, at: row.at, iv, sealed };
  await store("waiting", "readwrite", (rows) => rows.put(kept));
}

export async function drop(number) {
  if (usable()) await store("waiting", "readwrite", (rows) => rows.delete(number));
}

// The rows of who is signed in, the oldest first; what is too old to be sent is refused, so that it is read and removed.
export async function waiting() {
  if (!usable()) return [];
  const own = (await store("waiting", "readonly", (rows) => rows.getAll())).filter((row) => row.staff === me.staff);
  if (own.length === 0) return [];
  const opening = await key();
  const rows = [];
  for (const { number, iv, sealed } of own) {
    try {
      const content = await crypto.subtle.decrypt({ name: "AES-GCM", iv }, opening, sealed);
      const row = JSON.parse(new TextDecoder().decode(content));
      rows.push(Date.now() - row.at > DAYS * 86400000 ? { ...row, refused: "old" } : row);
    } catch {
      await drop(number); // of before a sign-out: nobody can read it any more
    }
  }
  return rows.sort((one, other) => one.at - other.at);
}

// At sign-out: nothing that waits can be read any more.
export async function forget() {
  if (!usable()) return;
  const own = (await store("waiting", "readonly", (rows) => rows.getAll())).filter((row) => row.staff === me.staff);
  for (const row of own) await drop(row.number);
  await store("keys", "readwrite", (keys) => keys.delete(me.staff));
}
