-- A run that another installation made, known from what its snapshot says about itself.
alter table runs add column origin text;
