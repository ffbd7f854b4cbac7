import { z } from 'zod';

/** https anywhere; plain http on this machine only, for a relay that runs beside. */
export const ServiceUrl = z.url({ protocol: /^https?$/ }).refine((text) => {
  const { protocol, hostname } = new URL(text);
  return protocol === 'https:' || hostname === 'localhost' || hostname === '[::1]' || hostname.startsWith('127.');
}, 'https, or http on loopback');
