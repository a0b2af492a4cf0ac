import { mount } from 'svelte';
import App from './App.svelte';
import { locale } from './i18n';
import './look/index.css';

document.documentElement.lang = locale();
mount(App, { target: document.getElementById('app')! });
