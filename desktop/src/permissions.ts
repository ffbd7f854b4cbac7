import type { PermissionDetails } from './electron-like.ts';

// What a softphone needs, and nothing else: hear, notify, choose a speaker, copy a receipt.
const NEEDED = new Set(['media', 'notifications', 'speaker-selection', 'clipboard-sanitized-write']);

/** Whether the page of `origin` may have a permission: only the server's own page, only what it needs, never a camera. */
export function mayHave(server: URL, permission: string, origin: string, details: PermissionDetails): boolean {
  if (!sameOrigin(server, origin) || !NEEDED.has(permission)) return false;
  if (permission !== 'media') return true;
  const kinds = details.mediaTypes ?? (details.mediaType === undefined ? [] : [details.mediaType]);
  return kinds.every((kind) => kind === 'audio');
}

/** Whether an address belongs to the server that the shell was made for. */
export function sameOrigin(server: URL, address: string): boolean {
  return URL.canParse(address) && new URL(address).origin === server.origin;
}
