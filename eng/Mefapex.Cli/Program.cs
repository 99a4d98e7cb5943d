Console.WriteLine("mefapex");
