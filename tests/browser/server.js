export { start } from './fake.js';
