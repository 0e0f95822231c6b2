document.body.append("Tertulia");
