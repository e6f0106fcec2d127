-- {{ name }}: one sample a clock cycle.
-- What is in in_data at a rising edge with in_valid high and rst low is in out_data, with out_valid high, after the edge
-- {{ stages }} cycle{{ "" if stages == 1 else "s" }} later. rst (synchronous) forgets all samples under way; data registers need no reset.
-- in_data: {{ inputs }}; the first in the lowest bits.
-- out_data: {{ outputs }}.
library ieee;
use ieee.std_logic_1164.all;

entity {{ name }} is
    port (
        clk : in std_logic;
        rst : in std_logic;
        in_valid : in std_logic;
        in_data : in std_logic_vector({{ widths[0] - 1 }} downto 0);
        out_valid : out std_logic;
        out_data : out std_logic_vector({{ widths[-1] - 1 }} downto 0)
    );
end entity;

architecture rtl of {{ name }} is
    signal valid : std_logic_vector({{ stages }} downto 0);
begin
    out_valid <= valid({{ stages }});

    process (clk)
    begin
        if rising_edge(clk) then
            if rst = '1' then
                valid <= (others => '0');
            else
                valid <= valid({{ stages - 1 }} downto 0) & in_valid;
            end if;
        end if;
    end process;

    core : entity work.{{ name }}_core
        port map (clk => clk, in_data => in_data, out_data => out_data);
end architecture;
