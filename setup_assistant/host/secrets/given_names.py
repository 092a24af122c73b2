"""Given names that are no word besides: with a capital, each tells a person.

From the lists of Faker 40.63.0 (MIT, https://github.com/joke2k/faker), those in use in several
languages or in one of few speakers there, and names frequent in Asia, Africa and Eastern Europe.
Names of cards, models, programs and places are left out. 2026-12-01.
"""

from __future__ import annotations

GIVEN = """
Aage Aaliyah Aanuoluwapo Aarav Aaron Abayomi Abbie Abdelatif Abdelkader Abderaouf Abderrahmane
Abdul Abdullah Abdullahi Abdulrahman Abebi Abel Abelardo Abena Abeni Abigail Abiodun Abiona Abosede
Abraham Abram Abril Achieng Achille Achim Adaeze Adalberto Adam Adamo Adda Adebayo Adebiyi
Adebowale Adebukola Adedayo Adedeji Adekitan Adekola Adekunle Adel Adela Adelaida Adelasia Adelbert
Adele Adeleke Adelia Adelina Adeline Adelmo Adenike Adeniyi Adeola Adeolu Adeoti Adepeju Aderopo
Adesewa Adeshina Adesoji Adesua Adetayo Adetoke Adetoun Adeyi Adigun Adil Adina Aditya Adnan Adolf
Adolfo Adonis Adrian Adriana Adriane Adrianna Adrianne Adriano Adrien Adrienne Adrián Adunni Adán
Adèle Adéla Adélaïde Afolarin Agata Agatha Agathe Agnes Agnese Agnieszka Agnolo Agnès Agostino Agus
Agustín Agáta Ahmad Ahmed Ahmet Aida Aidan Aideen Aiden Aileen Ailis Aimee Aimé Aimée Aina Aine
Aisha Aisling Ajala Ajani Ajoke Akanmu Akash Ake Akemi Akif Akinkunmi Akinlabi Akinwale Akinyi
Akira Akosua Akram Alade Aladin Alain Alamu Alan Alana Alba Alberico Albert Alberta Albertina
Albertine Alberto Albin Albina Albína Alda Alderano Aldo Aldonza Alejandra Alejandro Aleks
Aleksandar Aleksander Aleksandr Aleksandra Aleksei Alen Alena Alessandra Alessandro Alessia Alessio
Aleta Alex Alexander Alexandr Alexandra Alexandre Alexandria Alexandrie Alexandru Alexei Alexej
Alexey Alexia Alexis Alf Alfio Alfons Alfonso Alfred Alfredo Ali Alice Alicia Alida Alina Aline
Alisa Alisha Alison Alissa Alistair Alix Aliya Aliyu Alize Alla Allan Allana Allegra Allen Allison
Almira Almus Alois Alondra Alonso Aloys Alphons Alphonse Alphonsus Alva Alvaro Alvin Alwin Alwina
Alwine Alyssa Alzina Alícia Ama Amadeo Amado Amador Amalia Amalie Amanda Amani Amara Amarachi Amaya
Ambrose Amedeo Amel Amelia Amelie Ami Amico Amina Aminatu Amine Amir Amira Amit Amleto Amoke Amope
Amparo Amy Amélie Anabel Anabela Anabella Anand Ananya Anastasia Anastasie Anastazja Anastázie
Anaïs Anders Andra Andre Andrea Andreas Andrei Andreia Andrej Andres Andrew Andrey Andri Andrija
Andriy Andrzej André Andrée Andrés Andy Ane Anel Anes Aneta Anette Angela Angelica Angelika
Angelina Angeline Angelique Angelita Angelo Angharad Angus Angélica Anh Ani Anica Aniela Anika Anil
Anis Anisa Anissa Anita Anja Anjali Anjolaoluwa Anka Ankica Ankit Ann Anna Annabel Annabell
Annabella Annabelle Annalisa Annalise Annamaria Annamarie Anne Anneli Anneliese Annemarie Annetta
Annette Annibale Annie Annika Annunziata Anong Anouk Ansaldo Ante Anthony Anto Antoine Antoinette
Anton Antonella Antonello Antoni Antonia Antonie Antonietta Antonija Antonina Antonino Antonio
Antony Antonín Antun António Antônio Aoi Aoife Apolena Apolonia Araceli Aran Arash Arcelia Arezki
Ari Ariadna Arian Ariana Ariane Arianna Arie Ariel Arif Arike Arild Arinola Aris Arjun Arkadiusz
Arlene Armando Armida Armin Arnaldo Arnaude Arne Arno Arnold Arnulfo Aron Arsenio Arta Artan Artem
Arthur Artis Artur Arturo Arun Arzu Asafe Asake Asbjorn Asbjørn Ashleigh Ashley Ashling Ashok
Asiman Asma Assunta Asta Astrid Asuka Asunción Atena Atenulf Atinuke Atsushi Attila Aud Audrey
Augusta Auguste Augustin Augustina Augustine Augusto Aurel Aurelia Aurelio Aurore Aurélie Ava Avi
Avni Awero Axel Aydan Ayden Ayinde Ayinke Ayla Aylin Aylla Aymen Aynur Ayodeji Ayodele Ayoka Ayoub
Ayse Aysel Ayten Ayumi Azad Azeglio Aziz Azra Baba Babak Babasola Babatunde Babatunji Babawale
Babette Baccio Balazs Baldassare Baldur Baldwin Baltasar Bambi Bara Baraka Barbara Barbora Barica
Barry Bartek Bartholomew Bartley Bartolomeo Bartosz Bayram Bayu Beata Beatrice Beatrix Beatriz Beau
Bebe Beda Behnam Belen Belinda Bella Bello Ben Benedetto Benedict Benedikt Benicio Benita Benito
Benjamim Benjamin Benjamín Benny Benoît Bente Benthe Bento Benvenuto Benício Beppe Berat Berend
Berenice Berit Bernabé Bernadette Bernadine Bernard Bernarda Bernardo Bernhard Bernice Berta Bertha
Bertram Bertrand Beth Bethan Bethany Betina Bettina Betty Beverley Bhavna Biagio Bianca Bianka
Bilal Biljana Bilkisu Billy Birger Birgit Birgitta Birte Birthe Biserka Bjarne Bjorn Björn Bjørg
Bjørn Blahoslav Blanca Blanka Bob Bobby Bogdan Bohdan Bohumil Bohumila Bohumír Bohuslav Bojan
Bolatito Boleslav Boluwatife Boris Borys Bouchra Bowen Bradley Brandon Branislav Branka Branko
Brayan Breda Brenda Brendan Breno Brent Brett Brian Bridget Brien Brigid Brigita Brigitta Brigitte
Brit Britt Britta Bronagh Bruce Bruna Bruno Bryan Budi Bunmi Burak Bárbara Béatrice Caio Caitriona
Calcedonio Caleb Calebe Calista Callum Calogero Calvin Cameron Camila Camilla Camille Camillo
Camilo Canan Caoimhe Capucine Cara Caren Caridad Carin Carina Carl Carla Carlo Carlos Carlota
Carlotta Carly Carmel Carmela Carmelita Carmelo Carmen Carmina Carmine Carol Carole Carolina
Caroline Carolyn Carsten Cas Casandra Casper Cassandra Catalina Catarina Caterina Cathal Catharina
Catherine Cathleen Cathrine Cathy Cato Catrina Catriona Cauã Cauê Cecelia Cecil Cecilia Cecilie
Cecília Cedric Celestino Celia Celina Celine Cem Cerys Cesar Cesare Ceyhun Cezary Chabane Chandra
Chanez Chantal Charlene Charles Charlie Charline Charlotta Charlotte Charmaine Che Chelsea Chenxi
Cherif Cheryl Cheyenne Chiamaka Chiara Chibuzo Chidi Chidimma Chigozie Chihiro Chijioke Chinedu
Chinelo Chinyere Chioma Chiraz Chiyo Chizoba Chloe Chloé Chris Christa Christel Christelle
Christian Christiana Christiane Christin Christina Christine Christophe Christopher Chukwudi
Chukwuemeka Châu Ciara Ciaran Cillian Cindy Cinthia Cipriano Cirillo Ciro Citlali Clair Claire
Clara Clare Clarice Clarisa Clarissa Claudia Claudine Claudio Claudius Claus Clelia Clemens Clement
Clemente Clementina Clifford Clinton Cliodhna Cliona Clive Clodagh Cloe Clotilde Clémence Coleman
Colette Colin Colleen Collette Collin Colm Coluccio Colum Conal Conall Conan Concepción Concetta
Concha Conchita Conn Connie Connor Conny Conor Conrad Constance Constantin Consuela Consuelo
Coralie Corina Corine Corinna Corinne Coriolano Cormac Cornel Cornelia Cornelio Cornelius Corona
Corrado Costantino Costanzo Craig Cristal Cristian Cristiano Cristina Cristobal Cruz Csaba Ctibor
Ctirad Cynthia Cyprian Cyril Cécile Célia Célina Céline César Dafina Dafne Dag Dagmar Dagmara Dagny
Daire Daisuke Daisy Dale Dalia Dalibor Dalvin Damaris Damian Damiano Damien Damife Damir Damjan Dan
Dana Dani Danica Daniel Daniela Daniele Daniella Danielle Danijel Danijela Danilo Danjuma Danny
Dante Daphne Dara Daren Daria Dariana Darin Darina Dario Darius Dariusz Darko Darragh Darrell
Darren Darrin Darryl Darío Dave Davi David Davin Davor Dawid Dearbhail Dearbhla Debbie Debora
Deborah Deborrah Debra Declan Deepak Defne Deidre Deirdre Dejan Delfina Delfino Delia Delphine
Demetra Demi Demilade Denis Denisa Denise Deniz Dennis Denny Dereck Derek Derick Dermot Derrick
Dervla Desiree Desmond Despina Devin Dewi Dian Diana Diane Diann Dianne Diarmuid Diego Dilara Dimas
Dimitri Dimitrios Dimitris Dina Dino Diogo Dion Dionigi Dirk Dita Divya Djamel Dmitri Dmitry Dmytro
Dobroslav Dolores Dom Domagoj Domenic Domenico Domhnall Dominga Domingo Dominic Dominick Dominik
Dominika Dominique Dona Donal Donald Donat Donatella Donatello Donato Dongwook Donna Dorcas Doreen
Dorian Dorina Doris Dorota Dorothea Dorothy Dorothée Douglas Dounia Doyinsola Draga Dragan Dragica
Drago Dragutin Drahomíra Drahoslav Drahoslava Duje Dulce Duncan Durante Durodola Duyên Dylan Débora
Eamon Eamonn Ebba Ebenezer Ebuka Eda Edda Edel Edgar Edgardo Edin Edison Edita Edith Edmond Edmund
Edoardo Eduard Eduarda Eduardo Edvard Edward Edwin Edwina Egbert Eggert Egil Eileen Eilis Eilish
Eimear Eimer Einar Eirik Eitan Eivind Ekaterina Ekene Eko Ekundayo Elaine Elba Elbert Elda Eldar
Eldon Eleanor Eleanora Elena Eleni Elenore Eleonora Eleonore Elfie Elgin Eli Elia Eliana Eliane
Elias Elif Elin Elina Eline Elisa Elisabet Elisabeth Elise Eliseo Eliza Elizabeta Elizabeth Ella
Elladio Ellen Elli Ellie Elliot Elliott Ellis Elly Elma Elmar Elmira Elna Elnur Eloah Elodia Elodie
Eloisa Elon Eloy Eloá Elsa Elsie Elton Elva Elvia Elvin Elvina Elvira Elvis Elvíra Elza Elías Ema
Emanuel Emanuela Emanuella Emanuelly Emeka Emely Emer Emiko Emil Emilia Emilian Emiliano Emilie
Emilija Emilio Emilly Emily Emin Emma Emmanuel Emmanuelle Emmet Emmett Emmy Emre Emília Encarnacion
Enda Enea Enes Eniola Ennio Enrico Enrique Enya Enzio Enzo Eoghan Eoin Epifanio Eraldo Erasmo
Erdogan Eric Erica Erich Erick Erik Erika Erin Erkan Erla Erling Ermanno Ermenegildo Ermes Erna
Ernest Ernestina Ernestine Ernesto Ernst Ervin Erwin Eryk Esmeralda Esparta Espartaco Espen
Esperanza Esra Esteban Estefanía Estela Estelle Ester Estera Esther Estrella Esupofo Eszter Ethan
Ethel Etna Etta Ettore Eugen Eugene Eugenia Eugenie Eugenio Eugène Eulalia Eunice Eunji Eusebia
Eusebio Evan Evangelina Evangelista Evelin Evelina Eveline Evelio Evelyn Evelyne Evelína Evert
Evgenia Evgeny Evi Evie Evita Ewa Ewald Ewatomi Ewelina Ezequiel Ezio Fabia Fabian Fabiana Fabienne
Fabio Fabiola Fabrizia Fabrizio Fadekemi Faderera Fahad Faisal Fangfang Fanny Farah Farai Farid
Fariz Farouk Fatih Fatima Fatma Fatteh Faustino Fausto Fay Faye Feargal Fearghal Fedele Federica
Federico Federigo Fedor Fehintola Felice Felicia Felicitas Felicity Felipa Felipe Felix Fella
Ferdinand Ferdinando Ferenc Fergal Fergus Ferhat Feriel Fernanda Fernando Fiamma Fibikemi Fidel
Fikayomi Filip Filipa Filipe Filippa Filippo Filomena Finbar Finn Fintan Fiona Fionnuala Fiorenzo
Fiorino Flavia Flavio Flemming Flor Florencia Florencio Florentin Florentina Florentino Florian
Florin Florina Fodil Folake Folashade Folu Fortunata Fouzia Fran Frances Francesca Francesco
Francine Francis Francisca Francisco Franciska Franciszek Franck Franco Franjo Frans Franz
Franziska François Françoise Fred Freda Freddy Frederic Frederick Frederik Fredo Fredrik Fredy
Freja Freya Frida Frieda Friedrich Frode Fryderyk Frédéric Frédérique Fulvio Fuma Fyodor Fábio
Félix Gabi Gabino Gabor Gabriel Gabriela Gabriele Gabriella Gabrielle Gabrielly Gael Gaetano Gail
Gaja Galasso Galina Gambo Ganesh Gareth Garrett Garry Gary Gaspar Gaspare Gastone Gaurav Gavin
Gbadebo Gbolahan Gbowoade Geir Gelsomina Genaro Genevieve Geneviève Gennaro Genoveva Geoffrey Georg
George Georges Georgette Georgiana Georgina Georgine Gerald Geraldine Geraldo Gerard Gerardo Gerd
Gerda Gerhard Gerhardt Geri Germaine Germana Germán Gerold Geronimo Gerrit Gert Gertrud Gertrude
Gerónimo Ghilas Giacinto Giacobbe Giacomo Giada Giampaolo Giampiero Gian Giancarlo Gianfranco
Gianluca Gianluigi Gianmarco Gianna Gianni Gianpaolo Gianpietro Gil Gilad Gilbert Gilberto Gilda
Gilles Gillian Gilman Gina Gino Gioacchino Gioachino Gioele Gioffre Gionata Giorgia Giorgio Giorgos
Giosuè Giovanna Giovanni Girolamo Gisela Gitte Giulia Giuliana Giuliano Giulietta Giulio Giuseppe
Giuseppina Giustino Gladys Glenda Glenn Gloria Goffredo Gonzalo Gonçalo Gopal Goran Gordana Gordon
Gottlieb Gracia Graciela Graeme Graham Grainne Graziano Graziella Greca Greco Gregor Gregorio
Gregory Greta Gretchen Grete Grethe Gretta Griselda Gro Grzegorz Grégoire Guadalupe Guarino
Guglielmo Guido Guilherme Guillaume Guillermina Guillermo Gunda Gunhild Gunn Gunnar Guoqiang Gustav
Gustavo Gustaw Gwen Gérard Gülay Habiba Habibu Hadassa Hadiza Hadjer Hafsat Hailey Hakan Hakim
Halima Halley Hamid Hamza Hana Hanako Hania Hanna Hannah Hanne Hannes Hans Haoran Haoyu Harald Hari
Harish Harold Harri Harriet Harry Haruka Haruna Haruto Hasan Hassan Hatice Hauwa Havard Hayat
Hayley Hazel Heather Hector Hedda Hedvika Hedwig Hedy Hege Heidi Heidy Heitor Helen Helena Helene
Helga Helge Hella Hellena Helma Heloisa Heloísa Hendrik Henning Henri Henrieta Henrietta Henriette
Henrik Henrique Henry Herbert Heriberto Herma Herman Hermann Hermelinda Hermina Hermine Herminia
Hermína Hernán Herta Hertha Hideki Hideo Hieu Hilario Hilary Hilbert Hilda Hilde Hildegard Hildur
Hillary Hilma Hilmar Hiroshi Hocine Holger Hollie Holly Homero Hongwei Honora Honoré Horacio
Hortense Hortensia Horymír Hossein Houcine Houda Howard Hoàng Hrvoje Hubert Huda Hugh Hugo Hugues
Hulda Humberto Huong Hussain Hussein Huy Hyejin Hynek Hyunwoo Håkon Håvard Héctor Hélène Iain Ian
Ibidapo Ibironke Ibrahim Ica Ichiro Ida Ieva Ifeanyi Ifechukwu Ifeoma Ifunanya Ige Ignacio Ignacy
Ignatz Ignazio Ignác Igor Ihsan Ika Ikenna Ikeoluwa Ikram Ilaria Ildiko Ileana Ilija Ilona Ilse
Ilya Ilyes Imani Imelda Imene Imke Ina Inaya Indiana Indira Indra Ines Ineta Inez Inga Inge
Ingeborg Inger Ingmar Ingrid Ingrida Inioluwa Inna Inès Inés Inês Ioannis Iolanda Ippazio Ira Irena
Irene Iretioluwa Irfan Irina Irma Iryna Isa Isaac Isabel Isabela Isabell Isabella Isabelle Isabelly
Isadora Isaque Iseoluwa Ishaan Ishola Isidor Isidro Isis Ismael Ismail Isobel Istvan Itai Itzel Iva
Ivan Ivana Ivanka Ivar Iver Iveta Ivica Ivka Ivo Ivona Ivonne Ivor Iván Iwo Iwona Iyabode Iyadunni
Izabela Izidor Jaan Jacek Jacinta Jacinto Jack Jacob Jacobo Jacopo Jacqueline Jacques Jadranka
Jaehyun Jafet Jaime Jaka Jake Jakob Jakov Jakub Jamal James Jamie Jamil Jamila Jana Jane Janet
Janette Janice Janina Janine Janis Janja Janko Jann Janna Janne Jannie Jannis Janus Jaqueline Jara
Jari Jarl Jarlath Jarmila Jaromír Jaron Jaroslav Jaroslava Jasmin Jasmina Jasmine Jasminka Jasna
Jason Jasper Javier Jayda Jayden Jayne Jayson Jean Jeana Jeanette Jeanine Jeanne Jeannette Jeannine
Jeffrey Jelani Jele Jelena Jemma Jenifer Jenna Jenni Jennifer Jenny Jens Jeremi Jeremiah Jeremy
Jeremías Jerica Jerome Jerzy Jerónimo Jesper Jesse Jessica Jessika Jesus Jesús Jianguo Jianhua
Jiayi Jihoon Jill Jillian Jim Jimena Jimin Jimmy Jingjing Jiri Jiro Jisoo Jitka Jiwoo Joachim
Joakim Joan Joana Joanna Joanne Joao Joaquim Joaquín Jocelyn Jocelyne Jodie Joe Joel Joelle Joey
Johan Johana Johanna Johanne Johannes John Johnnie Johnny Joko Jolana Jolanda Jolanta Jolie Jon
Jonah Jonas Jonatan Jonathan Jonna Jonás Jordi Jordy Jorge Jorgen Joris Jorunn Jos Jose Josef
Josefa Josefina Josefine Joseph Josephine Josette Josh Joshua Josiah Josiane Josip Josipa Joso
Josué José Joséphine Jovan Jovana Jovita Joyce Jozef Jozo João Joël Joëlle Juan Juana Juanita Jude
Judita Judith Judy Jules Juli Julian Juliana Julianna Julie Julien Juliet Julieta Juliette Julijana
Julio Julita Julius Juliusz Juma Junjie Juraj Jure Juri Justin Justina Justine Justus Justyna Juwon
Ján Jérôme Józef Jörgen Jørgen Júlia Kabiru Kacper Kada Kahina Kai Kaique Kaito Kaja Kajetan Kala
Kaleb Kalina Kamal Kamau Kamil Kamila Kamilly Kamran Kamron Kana Kaori Kara Karan Kareem Karel
Karen Kari Karim Karin Karina Karine Karl Karla Karli Karlo Karma Karol Karolina Karoline Karolína
Karsten Karthik Kasim Kaspar Kasper Kassandra Kata Katarina Katarzyna Katarína Kate Katerina
Kateryna Katharina Katharine Katherina Katherine Kathi Kathleen Kathryn Kathy Kati Katia Katica
Katie Katja Katrin Katrina Katy Kaveh Kavya Kay Kayla Kaylee Kayleigh Kazim Kazimierz Kazuki Kazuya
Keiko Keisha Keith Keji Kelechi Kelly Kemal Ken Kenan Kendra Kenichi Kenji Kenneth Kenny Kent Kenta
Kenzie Kerry Kevin Khadidja Khadija Khaled Khalid Khalil Khanh Khoa Kian Kiara Kieran Kikelomo
Kilian Killian Kim Kimberley Kinga Kira Kiran Kirill Kirk Kirsten Kirstin Kirsty Kjell Kjersti
Kjetil Klara Klaudia Klaudie Klaus Klemens Klement Klára Knut Koen Kofi Kolawole Konrad Konstanty
Korede Kornel Kornelia Kosisochukwu Kostas Kris Krishna Krista Kristi Kristian Kristijan Kristin
Kristina Kristine Kristjan Kristofer Kristoffer Kristína Kristýna Krystian Krystyna Krzysztof
Ksawery Kumiko Kunal Kurt Kwabena Kwame Kyan Kyara Kyle Kyoko Kyosuke Kyra Kyungsoo Kåre Lada
Ladislav Ladislava Laetitia Laila Lakshmi Lala Lalitha Lamar Lambert Lamberto Lamine Lan Lana Lando
Lara Larisa Larissa Lars Laszlo Latif Laura Laure Laureano Laureen Lauren Laurence Laurent Lauretta
Laurie Lavinia Lavínia Lawrence Layla Lazzaro Laís Lea Leah Leana Leander Leandra Leandro Leanne
Leif Leigh Leila Leke Lelia Lena Lene Lenka Lenny Leo Leon Leona Leonard Leonardo Leone Leonel
Leonhard Leonie Leonor Leonora Leonore Leontina Leopold Leopoldo Lerato Lere Lesia Lesley Leslie
Leticia Letizia Letícia Levi Levin Lewis Lex Leyla Leyli Lia Liam Liana Liane Liberto Libor Licia
Lidia Lidija Ligia Ligita Lihua Lila Lili Lilia Lilian Liliana Liliane Lilija Lilla Lillian Lilly
Lily Lina Linda Lindsey Lingling Linh Linn Linnea Lino Linus Lionel Lisa Lisandro Lisbeth Lise
Lisette Liv Livia Livio Liwia Liz Liza Ljiljana Ljubica Ljudmila Lodovico Lois Lola Lolita Lona
Loni Loraine Lorcan Loredana Lorelei Lorena Lorenz Lorenza Lorenzo Loretta Loretto Lorin Loris
Lorna Lorraine Lotfi Lotta Lotte Lou Louis Louisa Louise Lourdes Lovre Lovro Loïc Luan Luana Luara
Lubomír Lubos Luc Luca Lucas Lucca Luce Luchino Lucia Lucian Luciana Luciano Lucie Lucien Lucija
Lucinda Lucio Lucrezia Lucy Lucía Ludmila Ludovica Ludovico Ludvig Ludvík Ludwig Luigina Luis Luisa
Luiza Luka Lukas Lukasz Luke Lumír Lunna Lupe Lutfi Luís Luísa Lydia Lyna Lynda Lynn Lynne Lâm Léa
Léo Léon Lívia Lýdie Maaya Maciej Madeleine Madeline Madhav Mads Maeve Mafalda Magda Magdalena
Magdalene Magdaléna Maggie Magne Magnus Mahdi Mahesh Mahir Mahmoud Mahmud Mahulena Maia Maida
Mairead Maitê Maj Maja Maks Maksim Maksymilian Malachy Malak Malcolm Malee Malena Malgorzata Malik
Malika Malin Malvina Malwina Manabu Manda Mandy Manel Manfred Manoj Manon Manuel Manuela Manuelita
Manuella Manus Mara Marc Marcantonio Marcel Marcela Marcelina Marcelino Marcella Marcelle Marcello
Marcelo Marcia Marcin Marco Marcos Marcus Marek Maren Marga Margaret Margareta Margarete Margaretha
Margarida Margarita Margaud Margaux Margherita Margit Margita Margot Margret Marguerite Mari Maria
Mariah Mariam Marian Mariana Mariane Marianna Marianne Mariano Maribel Marica Maricela Marie
Marietta Marija Marijan Marijana Marika Marilena Marilyn Marin Marina Marino Mario Marion Marisa
Marisela Marisol Marissa Marit Marita Marius Mariusz Marjan Marjorie Marko Markus Markéta Marleen
Marlen Marlena Marlene Marlon Marta Marte Marten Martha Marthe Martin Martina Martine Martino
Martyn Martín Marvin Marwa Mary Maryam Maryse María Marína Masashi Masato Mason Massimiliano
Massimo Massinissa Matea Matej Mateja Mateo Mateus Mateusz Matheus Mathew Mathias Mathieu Mathilda
Mathilde Matias Matija Matilda Matilde Mato Matteo Matthew Matthias Matthieu Matti Mattia Maud
Maude Maura Maureen Maurice Mauricio Maurilio Maurizio Mauro Maurycy Maxime Maximilian Maximiliano
Maximus Maxine Maya Maysa Mayte Meda Meena Meera Megan Mehdi Mehmet Mei Meihua Meike Meiling
Melania Melanie Melina Melinda Melisa Melissa Melita Melvin Mercedes Meriem Merle Mervin Mervyn
Metod Metta Mette Mia Micaela Micha Michael Michaela Michaele Michal Micheal Michel Michela
Michelangelo Michele Micheletto Michell Michelle Michelotto Michèle Mieszko Miguel Mihael Mihaela
Mijo Mika Mikael Mikaela Mikako Mike Mikhail Miki Mikkel Mila Milada Milagros Milana Milda Milena
Milica Milka Millicent Milo Milos Miloslav Miloslava Mimi Mina Mingyu Minh Minho Minji Minjun Minna
Minoru Miran Miranda Mirco Mirela Mirella Miriam Mirja Mirjam Mirjana Mirko Miro Miron Miroslav
Miroslava Mirsad Mislav Mitchell Mituru Mitzy Mladen Modesto Modupe Mofifoluwa Mohamed Mohammad
Mohammed Mohand Moira Mojisola Mojisoluwa Mojmír Molly Momoko Mona Monica Monika Monique Moradeke
Morayo Morena Morenike Moreno Morgan Moritz Morolake Morris Morten Mortimer Moshe Mosunmola
Motunrayo Mouloud Mounir Mourad Moussa Moyosore Muhammad Muhammed Mukesh Muni Muriel Murilo Musa
Mustafa Mustapha Mykola Myles Myra Myriam Myrta Mária Mário Mélanie Mélissa Mónica Nabil Nacer Nada
Nadezhda Nadia Nadine Nadir Nadja Naim Najam Nam Nana Nanami Nancy Nando Nanna Nanni Naoise Naoki
Naoko Naomh Naomi Naoto Napoleone Narcisa Narimane Nasiru Nasrin Nassim Natalia Natalie Natalija
Nataliya Natalja Natan Natanael Nataniel Natasha Natasza Nath Nathalie Nathan Nathanael Nathaniel
Natividad Natália Natálie Naveen Nawal Nayeli Nazim Neal Nedda Nedjma Neha Neil Nela Nella Nelly
Nelson Nenad Nereida Nesrine Nevenka Nevin Ngozi Nguyet Nhiên Niall Niamh Niccolò Nichola Nicholas
Nick Nico Nicola Nicolai Nicolas Nicole Nicoletta Nicolás Nicolò Nidia Niels Nigel Nihad Nihal Nik
Nika Nikhil Nikita Nikki Niko Nikodem Nikol Nikola Nikolai Nikolaj Nikolas Nikolay Nikolina Nikos
Nilda Nils Nina Ninetta Ninioluwa Nino Niran Nisa Nisha Nitin Nives Niyazi Niyilolawa Nkechi
Nkiruka Nnamdi Nneka Noa Noah Noe Noel Noelia Noelle Noemi Noemí Nolan Nomsa Nonso Noor Nora Norah
Norbert Norberto Noreen Noriko Norma Norman Nour Noura Noé Noémi Noémie Noël Noëlle Nuala Nuno
Nuria Núria Oba Obianuju Obinna Octavia Octavio Océane Oda Odalis Odalys Odette Odile Ofelia Ogechi
Ogooluwa Oisin Oke Okechukwu Oksana Oladare Oladimeji Olaf Olajumoke Olakunle Olanrewaju Olansile
Olasunmbo Olav Ole Oleg Oleh Oleksandr Olena Olga Olgierd Olimpia Oliva Oliver Olivia Olivie
Olivier Oliwier Ololade Oluchi Olufunke Olufunmilayo Olumide Olumorotimi Oluwafemi Oluwagbemiga
Oluwakemi Oluwamuyiwa Oluwasanmi Oluwasegun Oluwaseun Oluwole Olympia Olívia Omar Omer Omobobola
Omobolanle Omodunni Omolabake Omolara Omosalewa Omotara Omotayo Omotola Omotoun Omowumi Ona Ondrej
Oni Onyinye Oonagh Ophelia Orazio Oreofe Oreste Orla Orlaith Orlando Ornella Osamu Oscar Oskar
Osman Osunleke Osvaldo Oswald Oswaldo Otakar Otieno Otilia Oto Ottavio Ottilia Ottilie Otto Ottone
Otávio Otýlie Ouanes Oussama Owen Oxana Oyenike Oyindasola Oyvind Ozan Ozioma Pablo Padraic Padraig
Paige Paloma Pamela Panfilo Pankaj Paola Paoletta Paolo Paride Parisa Pascual Pasqual Pasquale
Patric Patrice Patricia Patricie Patricio Patrick Patrik Patrizia Patrizio Patryk Patrícia Paul
Paula Paulette Paulina Pauline Paulo Pauric Pavao Pavel Pavla Pavlína Pawel Peadar Pearse Pedro
Peggy Pellegrino Penelope Perla Pero Petar Pete Peter Petr Petra Petronela Petter Philip Philippe
Philippine Phillip Philomena Phuong Phyllis Phúc Pia Pierangelo Piergiorgio Piergiuseppe Pierina
Pierluigi Piermaria Piero Pierpaolo Pierre Piersanti Pietra Pietro Pilar Pina Piotr Polly Pompeo
Pomponio Pooja Porfirio Pradeep Prakash Pranav Praveen Prima Priscila Priscilla Priya Priyanka
Puccio Putu Pål Pénélope Pía Qabil Qiang Quang Quentin Quinn Quinten Rabah Rabi Racha Rachael
Rachel Rachid Radek Radeke Radha Radim Radka Radomír Radoslav Radovan Rael Rafael Rafaela Rafaél
Raffaele Raffaella Raffaellino Raffaello Rafi Rafiq Ragna Ragnar Ragnhild Rahul Raimondo Raina
Raisa Rajesh Rakesh Ralph Ramadan Ramesh Ramiro Ramon Ramona Ramzi Ramón Randi Randolf Rania
Ranieri Raoul Raphael Raphaël Raquel Rasmus Raul Ravi Ravy Rayan Raymond Raúl Rebeca Rebecca Rebeka
Rebekka Redmond Reece Regina Reginald Regína Rei Reidun Reimar Reina Reinaldo Reinhart Reinhold
Rekha Rembrandt Rena Renan Renata Renato Rene Renzo Renáta René Renée Reyes Reyna Reynaldo Reza
Rhavi Rhona Rhonda Rhys Ria Riad Ricarda Ricardo Riccardo Ricciotti Richard Rick Ricky Rico Rida
Rika Riley Rin Rina Rita Ritu Rizky Robby Robert Roberta Roberto Robin Rocco Rochdi Rocío Roderick
Rodger Rodney Rodolfo Rodrigo Rogelio Roger Rohan Rohit Roisin Roko Roksana Roland Rolando Rolf
Romaine Romana Romano Romeo Romina Romolo Romy Ron Rona Ronald Ronaldo Ronan Ronja Ronke Ronnie
Ronny Rory Rosa Rosalia Rosalie Rosalinda Rosanna Rosanne Rosaria Rosario Roselyn Rosemarie
Rosemary Rosendo Rosetta Rosie Rosina Rosita Roslyn Ross Rossana Rostislav Rowan Rowena Roxana
Roxane Roxanna Roy Roza Rozalia Rozalija Ruairi Ruben Rubén Rudi Rudolf Rudolph Rufino Ruggero
Ruggiero Rui Ruoxi Rupert Ruqayya Ruslan Russell Ruth Ryan Rym Ryma Ryohei Ryosuke Ryota Ryszard
Rémy Róbert Rúben Saad Saadat Sabatino Sabina Sabine Sabir Sabri Sabrina Sabína Sacha Sachin Safet
Safia Safina Safiya Sahra Sakura Salah Salim Salima Sally Salma Salome Salomé Salvador Salvatore
Salvi Samanta Samantha Sami Samir Samira Samson Samuel Samy Sandeep Sander Sandi Sandra Sandrine
Sandro Sangeeta Sani Sanja Sanjay Sanne Santa Sante Santiago Santino Santos Santosh Saoirse Sara
Sarah Sarina Sarita Saskia Satomi Satoshi Saud Saundra Saverio Sayuri Scott Seamus Sean Sebastian
Sebastiano Sebastián Segilola Selena Selin Selina Selma Sena Seojun Sepp Serafina Serafín Serena
Sergei Sergej Sergey Sergio Sergius Serhiy Serine Serkan Sessa Seth Seungmin Severin Severino
Severo Sevim Seye Shamsuddeen Shane Shani Shania Shankar Shannon Sharon Shaun Shauna Sheena Shehu
Sheila Shekoni Shiela Shinji Shira Shirin Shirley Shlomo Shohei Shona Shota Shreya Sian Siavash
Siddharth Siena Sienna Sigmar Sigmund Signa Signe Sigrid Sigurd Sijuade Silas Silja Silje Silke
Silva Silvana Silvano Silvester Silvestro Silvia Silvie Silvio Simen Simeon Similoluwa Simisola
Simon Simona Simone Simonetta Sina Sindre Sinead Siobhan Sipho Sissel Siti Siv Siyu Slavica Slavko
Slavomír Slobodan Sneha Socorro Sofia Sofiane Sofie Sofía Soledad Solveig Somadina Somchai
Somtochukwu Sondre Sonia Sonja Sonny Sonya Sophia Sophie Sora Soraya Sorcha Soren Sotaro Souad
Soufiane Soumia Sowande Soyeon Spencer Spyros Srinivas Stacey Stan Stana Stanislaus Stanislav
Stanislava Stanley Stefan Stefani Stefania Stefanie Stefano Stein Steinar Stela Stella Sten Stephan
Stephanie Stephany Stephen Steve Steven Stewart Stian Stig Stine Stjepan Stuart Stéphane Stéphanie
Subash Subomi Sumayya Sungho Sunil Sunita Suresh Susan Susana Susann Susanna Susanne Sussie Suzana
Suzanne Svatopluk Svatoslav Svea Svein Sven Sverre Svetlana Swati Sybilla Sylva Sylvester Sylvia
Sylvie Sylwia Synnøve Szymon Sára Sébastien Sérgio Sören Süleyman Tade Tadeusz Taha Tahir Taichi
Taja Takeshi Takuma Talia Tamar Tamara Tamas Tami Tammy Tania Tanimu Tanja Tanvi Tanya Tara Taras
Tari Tarik Tariq Taro Tatiana Tatjana Tatyana Teddy Tekla Telemaco Temidayo Temistocle Temitope
Tendai Teodor Teodora Teodoro Terence Teresa Tereza Terezija Terje Terry Tess Tessa Thabo Thaddeus
Thales Thea Theda Thekla Thelma Theo Theodor Theodora Theodoro Theresa Therese Theresia Thiago
Thibault Thibaut Thierry Thinhinane Thomas Thuy Thành Théo Théodore Théophile Thérèse Tiago Tianyu
Tibor Tiffany Tilman Tim Timea Timmy Timo Timotej Timoteo Timothy Timothée Timur Tine Tingting Tisa
Titilayo Tito Titus Tiziana Tiziano Tobias Tobiasz Toby Toki Tokunbo Tola Tolga Tolulope Toluwanimi
Tom Toma Tomas Tomasa Tomasz Tomislav Tommy Tomo Tomori Tomoya Tomás Toni Tonia Tonino Tonje Tony
Tonya Torben Torbjørn Torill Torquato Tove Tracey Tracy Trang Trevor Trina Trine Trinidad Tristan
Trond Troy Trudi Trung Tsubasa Tuan Tullio Tunde Turid Tyler Tymon Tymoteusz Tùng Türkan Ubaldo
Uberto Uche Uchenna Ugo Ugolino Ujunwa Ulf Uli Ulises Ulla Ulrich Ulrike Uma Umar Umberto Unni
Uriel Ursula Urszula Usha Usman Vaclav Vagn Valdemar Valentim Valentin Valentina Valentino Valentín
Valentína Valeri Valeria Valerie Valerio Valter Valérie Vanda Vanesa Vanessa Vanya Varun Vasco
Vasyl Vedran Vegard Venancio Vendula Venkat Vera Verena Verner Veronica Veronika Verónica Vesna
Veta Vicente Vicky Victoire Victor Victoria Victoriano Vida Vidal Vidar Vidya Vijay Vikas Vikram
Viktor Viktoria Viktorie Viktorija Vilde Vilma Vilém Vince Vincent Vincentio Vincenza Vincenzo
Vinicius Vinícius Violeta Violetta Violette Virgilio Virginia Virginie Viridiana Vita Vito Vitor
Vittoria Vittorio Vitória Vivek Vivian Viviana Vivien Vivienne Vjekoslav Vladimir Vladimír
Vladimíra Vladislav Vlado Vlasta Vlastimil Volkan Volodymyr Vratislav Václav Vân Véronique Víctor
Vít Wadi Wafae Wagner Waldemar Waleed Walid Wally Walter Wanda Wanjiru Wassim Wayan Wayne Wei
Weiming Wenche Wendolin Wendy Wenzel Werner Wesley Wiktor Wilfredo Wilfrido Wilhelm Wilhelmine
Willard William Willie Willy Wilma Wilson Winifred Winnie Witold Wojciech Wuraola Xenia Xiaohong
Xiaoli Xiaoming Xiaoyu Ximena Xinyi Xiomara Xuefei Xuân Yacine Yadigar Yael Yago Yahia Yahya Yanis
Yanli Yannick Yannis Yaqub Yara Yash Yasin Yasmin Yasmina Yasmine Yasser Yasuhiro Yaw Yazgül Yejide
Yekaterina Yeni Yetunde Yevgeny Yewande Yifan Yilmaz Yingying Yitzhak Yoichi Yoko Yolanda Yosef
Yoshi Yosuke Youba Youcef Younes Youngho Yousef Yousra Youssef Yrsa Yuchen Yui Yuki Yuliana Yumiko
Yuri Yuridia Yuriy Yusuf Yuta Yuting Yuto Yuxuan Yves Yvette Yvonne Zacarías Zacharie Zahid Zahir
Zahra Zahur Zaida Zainab Zaira Zakaria Zamir Zane Zara Zbigniew Zdenek Zdenka Zdenko Zdislava
Zdravko Zeferino Zeki Zelda Zelma Zeno Zenobia Zenta Zeynep Zhigang Zhiwei Zhiyuan Zihan Zikmund
Zina Zineb Zita Zixuan Zlatko Zoe Zoey Zofia Zoltan Zoltán Zora Zoran Zorka Zoé Zsofia Zuri Zuzana
Zvonko Ágatha Álvaro Ángel Ángela Ánh Åse Édith Édouard Élisabeth Élise Élodie Éléonore Émile
Émilie Éric Étienne Íris Ísis Óliver Óscar Özlem Øystein Øyvind Úrsula
"""
