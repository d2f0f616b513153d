// The build puts these files into the executable. Importing one gives its path or its text.
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
