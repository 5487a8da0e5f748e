import { createI18n } from 'vue-i18n';
import { setApiLanguage } from '../api.ts';
import { recall, remember } from '../preferences.ts';
import { en } from './en.ts';
import { zhCn } from './zh-cn.ts';

/** Chinese unless somebody switched on this computer. */
export type Language = 'zh-CN' | 'en';

const messages = { 'zh-CN': zhCn, en };

const i18n = createI18n({
  legacy: false,
  locale: recall('language') === 'en' ? 'en' : 'zh-CN',
  fallbackLocale: 'zh-CN',
  messages,
});

/** The words of the language spoken now; reactive in templates. */
export const { t, te } = i18n.global;

export function currentLanguage(): Language {
  return i18n.global.locale.value === 'en' ? 'en' : 'zh-CN';
}

export function setLanguage(language: Language): void {
  i18n.global.locale.value = language;
  remember('language', language);
  applyLanguage();
}

/** Tells the page and the gateway which language is spoken. */
export function applyLanguage(): void {
  const language = currentLanguage();
  document.documentElement.lang = language;
  setApiLanguage(language);
}
