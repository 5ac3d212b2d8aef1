export { SimulatedTime } from './time.ts';
export { SeededRandom } from './random.ts';
export { type FileFault, SimulatedFiles } from './files.ts';
