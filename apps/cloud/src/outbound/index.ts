export { addressProblem } from './destinations.ts';
export { type Poster, publicPoster } from './post.ts';
