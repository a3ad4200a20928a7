// Whom this page believes: the retailer's root keys, which certify the keys of the retailer's objects.
//
// Fill in the public keys that `opos hub trust` prints as `roots`, each as {"x": "...", "y": "..."}; a whole JWK does as well:
//
//   window.OPOS_ROOTS = [
//     { "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0" },
//   ];
//
// While the list is empty, the page still says whether a signature fits, and that nobody vouches for its key.
"use strict";

window.OPOS_ROOTS = [];
