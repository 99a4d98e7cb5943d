// Stands in for the packages that transformers.js wants for browsers and images: neither is used here.
module.exports = () => {
  throw new Error("This package is left out of eng/peer.");
};
