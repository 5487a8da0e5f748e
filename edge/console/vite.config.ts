import vue from '@vitejs/plugin-vue';
import { defineConfig } from 'vite';

// Static files under whatever path the gateway serves them from: hence the relative base.
export default defineConfig({
  root: import.meta.dirname,
  base: './',
  plugins: [vue()],
  define: {
    __VUE_OPTIONS_API__: 'false',
    __VUE_PROD_DEVTOOLS__: 'false',
    __VUE_PROD_HYDRATION_MISMATCH_DETAILS__: 'false',
    __VUE_I18N_FULL_INSTALL__: 'false',
    __VUE_I18N_LEGACY_API__: 'false',
    __INTLIFY_PROD_DEVTOOLS__: 'false',
  },
  build: {
    outDir: '../../dist/edge/console',
    emptyOutDir: true,
    // Security rooms keep old computers: Windows 7 ends at Chrome 109.
    target: ['chrome90', 'firefox90', 'safari15'],
    // No inline scripts and styles: the gateway's content security policy forbids them.
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
  },
});
