import './styles/base.css';
import './styles/parts.css';
import './styles/gate.css';
import './styles/dialog.css';
import './styles/phone.css';
import { createApp } from 'vue';
import App from './App.vue';
import { applyLanguage } from './i18n/i18n.ts';

applyLanguage();
createApp(App).mount('#app');
