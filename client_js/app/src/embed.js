export {}; // <tertulia-room>, still to be written
