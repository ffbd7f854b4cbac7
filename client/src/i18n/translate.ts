import { en } from './en.ts';
import { ja } from './ja.ts';

/** Languages of the windows. The guide may speak more. */
export const WINDOW_LANGUAGES = ['ja', 'en'] as const;
export type WindowLanguage = (typeof WINDOW_LANGUAGES)[number];

export type MessageKey = keyof typeof en;

/** A message without names in it, by a key that the server had a part in; undefined: there is none. */
export function knownKey(key: string): PlainKey | undefined {
  return key in en && !en[key as MessageKey].includes('{') ? (key as PlainKey) : undefined;
}

/** The `{names}` in a message. */
type Names<Text extends string> = Text extends `${string}{${infer Name}}${infer Rest}` ? Name | Names<Rest> : never;
type Values<Key extends MessageKey> = { readonly [Name in Names<(typeof en)[Key]>]: string | number };
/** A message without names takes no values; one with names takes all of them. */
type Arguments<Key extends MessageKey> = Names<(typeof en)[Key]> extends never ? [] : [Values<Key>];

/** Keys of messages without names. */
type PlainKey = { [Key in MessageKey]: Names<(typeof en)[Key]> extends never ? Key : never }[MessageKey];

/** The words for `key` in a language. Each language is complete: the compiler and a test see to it. */
export type Translate = <Key extends MessageKey>(key: Key, ...values: Arguments<Key>) => string;

const DICTIONARIES: Record<WindowLanguage, Record<MessageKey, string>> = { en, ja };

export function translator(language: WindowLanguage): Translate {
  const dictionary = DICTIONARIES[language];
  return (key, ...[values]) =>
    dictionary[key].replace(/\{(\w+)\}/g, (whole, name: string) =>
      String((values as Record<string, string | number> | undefined)?.[name] ?? whole),
    );
}
