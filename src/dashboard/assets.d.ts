/** The bundler replaces an image import by its address. */
declare module "*.svg" {
  const address: string;
  export default address;
}
