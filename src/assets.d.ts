// Files that the build puts into the executable; importing one gives its path or its text.
declare module "*.js" {
  const path: string;
  export default path;
}
declare module "*.woff2" {
  const path: string;
  export default path;
}
declare module "*.sql" {
  const text: string;
  export default text;
}
